import {
  type BusEvent,
  type PushContent,
  PushDeviceId,
  type PushKind,
  type PushTarget,
  SessionId,
} from '@switchboard/protocol';
import { outboxField, outboxIndex } from '@switchboard/service-kit';
import { type Connection, type Model, Schema } from 'mongoose';
import type { PushQueue } from '../sending/content-rules.ts';

/** What one device is to be told about one subject. */
export interface PushDoc {
  /** `<subject>:<device>`. */
  _id: string;
  subject: string;
  deviceId: string;
  userId: string;
  kind: PushKind;
  sessionId: string;
  queue: PushQueue;
  /** The newest; what was not sent of older ones is not sent any more. */
  content: PushContent;
  rank: number;
  /** Counts the contents. With `_id` the idempotency key. */
  rev: number;
  /** Whose slowness it shares; known once its device was looked up. */
  lane?: string;
  /** When to send; absent: nothing to do. While it is in hand, the end of the lease: work that a dead process had in hand comes due again by itself. */
  dueAt?: Date;
  /** Who has it in hand. */
  lease?: string;
  /** When there was something to send, for measuring. */
  since: Date;
  /** Tries since something was last taken or given up. */
  attempts: number;
  /** Why the last of them failed. */
  error?: string;
  /** The device may show something because of this slot, or ring. */
  shown: boolean;
  /** The last rev that its service took. */
  sentRev?: number;
  expiresAt: Date;
  changedAt: Date;
  /** `call.pushed` events that are not yet published. */
  outbox: readonly BusEvent[];
}

export type PushModel = Model<PushDoc>;

/** Longer than any push waits. */
const KEPT_SECONDS = 14 * 24 * 3_600;

const schema = new Schema<PushDoc>(
  {
    _id: { type: String, required: true },
    subject: { type: String, required: true },
    deviceId: { type: String, required: true },
    userId: { type: String, required: true },
    kind: { type: String, required: true },
    sessionId: { type: String, required: true },
    queue: { type: String, required: true },
    content: { type: Schema.Types.Mixed, required: true },
    rank: { type: Number, required: true },
    rev: { type: Number, required: true },
    lane: String,
    dueAt: Date,
    lease: String,
    since: { type: Date, required: true },
    attempts: { type: Number, required: true },
    error: String,
    shown: { type: Boolean, required: true },
    sentRev: Number,
    expiresAt: { type: Date, required: true },
    changedAt: { type: Date, required: true },
    outbox: outboxField,
  },
  { collection: 'pushes', versionKey: false, autoIndex: false, autoCreate: false, strictQuery: 'throw' },
);

schema.index(
  { queue: 1, dueAt: 1 },
  { name: 'queue_due', partialFilterExpression: { dueAt: { $exists: true } } },
);
schema.index({ subject: 1, userId: 1 }, { name: 'subject_user' });
schema.index({ changedAt: 1 }, { name: 'changed', expireAfterSeconds: KEPT_SECONDS });
schema.index(...outboxIndex);

export function pushModel(connection: Connection): PushModel {
  return connection.model<PushDoc>('Push', schema);
}

/** As events name it. */
export function targetOf({
  deviceId,
  kind,
  sessionId,
}: Pick<PushDoc, 'deviceId' | 'kind' | 'sessionId'>): PushTarget {
  return { id: PushDeviceId.parse(deviceId), kind, sessionId: SessionId.parse(sessionId) };
}
