import type { BusEvent } from '@switchboard/protocol';
import { outboxField, outboxIndex } from '@switchboard/service-kit';
import { type Connection, type Model, Schema } from 'mongoose';

/** One signed-in client, from log-in to log-out: the family of its refresh tokens. */
export interface SessionDoc {
  readonly _id: string;
  readonly userId: number;
  /** The user's epoch when it began. */
  readonly epoch: number;
  /** SHA-256 of the family secret and of the newest turn; see refresh-token.ts. */
  readonly familyDigest: string;
  readonly turnDigest: string;
  /** The turn before, and what its rotation answered, sealed with it. */
  readonly previousDigest?: string;
  readonly sealedAnswer?: string;
  readonly rotatedAt?: Date;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  /** The store removes it some time after. */
  readonly expiresAt: Date;
  readonly revokedAt?: Date;
  readonly ip: string;
  readonly userAgent?: string;
  readonly outbox: readonly BusEvent[];
}

export type Sessions = Model<SessionDoc>;

const schema = new Schema<SessionDoc>(
  {
    _id: { type: String, required: true },
    userId: { type: Number, required: true },
    epoch: { type: Number, required: true },
    familyDigest: { type: String, required: true },
    turnDigest: { type: String, required: true },
    previousDigest: String,
    sealedAnswer: String,
    rotatedAt: Date,
    createdAt: { type: Date, required: true },
    lastUsedAt: { type: Date, required: true },
    expiresAt: { type: Date, required: true },
    revokedAt: Date,
    ip: { type: String, required: true },
    userAgent: String,
    outbox: outboxField,
  },
  { versionKey: false, autoIndex: false, autoCreate: false },
);
schema.index({ userId: 1, lastUsedAt: -1 });
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 3600 });
schema.index(...outboxIndex);

export function sessionModel(connection: Connection): Sessions {
  return connection.model<SessionDoc>('Session', schema, 'sessions');
}
