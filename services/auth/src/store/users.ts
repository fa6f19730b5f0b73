import type { BusEvent, Role, UserStatus } from '@switchboard/protocol';
import { outboxField, outboxIndex } from '@switchboard/service-kit';
import { type Connection, type Model, Schema } from 'mongoose';

/**
 * An account. A deleted one stays as a tombstone: its id, its dates and the invitation it consumed, nothing personal.
 */
export interface UserDoc {
  readonly _id: number;
  readonly username?: string;
  /** `username` in lower case; unique. */
  readonly usernameKey?: string;
  /** Lower case; unique. */
  readonly email?: string;
  readonly name?: string;
  /** See search-keys.ts. */
  readonly searchKeys?: readonly string[];
  readonly passwordHash?: string;
  readonly role: Role;
  readonly status: UserStatus;
  /** Counts up with every change that is decided from what was read before. */
  readonly version: number;
  /** Sessions of an older epoch are over, all at once, by this one number. */
  readonly epoch: number;
  /** The one session that outlived the last step of the epoch: the one that changed the password. */
  readonly keptSession?: string;
  /** The invitation this account was made with; unique, and thereby its consumption. */
  readonly invitationId?: string;
  readonly createdAt: Date;
  readonly lastLoginAt?: Date;
  readonly outbox: readonly BusEvent[];
}

export type Users = Model<UserDoc>;

const schema = new Schema<UserDoc>(
  {
    _id: { type: Number, required: true },
    username: String,
    usernameKey: String,
    email: String,
    name: String,
    searchKeys: { type: [String], default: undefined },
    passwordHash: String,
    role: { type: String, required: true },
    status: { type: String, required: true },
    version: { type: Number, required: true },
    epoch: { type: Number, required: true },
    keptSession: String,
    invitationId: String,
    createdAt: { type: Date, required: true },
    lastLoginAt: Date,
    outbox: outboxField,
  },
  { versionKey: false, autoIndex: false, autoCreate: false },
);
// Sparse, so that tombstones and accounts without e-mail or invitation do not collide on an absent value.
schema.index({ usernameKey: 1 }, { unique: true, sparse: true });
schema.index({ email: 1 }, { unique: true, sparse: true });
schema.index({ invitationId: 1 }, { unique: true, sparse: true });
schema.index({ searchKeys: 1 }, { sparse: true });
schema.index({ role: 1, status: 1 });
schema.index(...outboxIndex);

export function userModel(connection: Connection): Users {
  return connection.model<UserDoc>('User', schema, 'users');
}
