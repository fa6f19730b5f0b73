import type { ContentType, PublicUser } from '@switchboard/protocol';
import { type Connection, type Model, Schema } from 'mongoose';

/** A message as a push may show it. */
export interface Said {
  messageId: string;
  seq: number;
  from: PublicUser;
  contentType: ContentType;
  /** The beginning of its text. */
  preview: string;
}

/** What stands behind the @s of one message. */
export interface Naming {
  said: Said;
  tails: string[];
}

/**
 * A conversation in which was said what followers are still to be told of; gone when they are. However much is said while they are gone through, there is one document, and
 * one more round.
 */
export interface FanOutDoc {
  /** A ConversationId. */
  _id: string;
  /** Counts what was noted, so that a round knows whether there is more. */
  rev: number;
  newest: Said;
  /** The newest by somebody else than whoever said the newest: what they are to be told. */
  byAnother?: Said;
  /** The newest first, bounded. */
  naming: Naming[];
  /** When its next round is to be, or, while `lease` holds, when it is taken from whoever died with it. */
  dueAt: Date;
  lease?: string;
  /** Rounds that failed in a row. */
  failures: number;
  changedAt: Date;
}

export type FanOutModel = Model<FanOutDoc>;

/** Nobody is told of messages older than this. */
const KEPT_SECONDS = 3 * 24 * 3_600;

const mixed = { type: Schema.Types.Mixed };

const schema = new Schema<FanOutDoc>(
  {
    _id: { type: String, required: true },
    rev: { type: Number, required: true },
    newest: { ...mixed, required: true },
    byAnother: mixed,
    naming: { ...mixed, required: true },
    dueAt: { type: Date, required: true },
    lease: String,
    failures: { type: Number, required: true },
    changedAt: { type: Date, required: true },
  },
  { collection: 'fan_outs', versionKey: false, autoIndex: false, autoCreate: false, strictQuery: 'throw' },
);

schema.index({ dueAt: 1 }, { name: 'due_at' });
schema.index({ changedAt: 1 }, { name: 'changed', expireAfterSeconds: KEPT_SECONDS });

export function fanOutModel(connection: Connection): FanOutModel {
  return connection.model<FanOutDoc>('FanOut', schema);
}
