import { outboxField, outboxIndex } from '@switchboard/service-kit';
import { type Connection, type Model, Schema } from 'mongoose';

/**
 * A conversation as its members' lists show it. Derived from the messages and never ahead of them: everything but `read`
 * is only ever raised ($max), so that updates may come late, twice and in any order.
 */
export interface ConversationDoc {
  /** A ConversationId. */
  _id: string;
  kind: 'direct' | 'room';
  /** Empty for a room, whose readers have positions of their own. */
  members: string[];
  lastSeq: number;
  lastAt: Date;
  /** Member → seq of their own newest message, by `memberKey`. */
  sent?: Record<string, number>;
  /** Member → everything up to here is read, by `memberKey`. */
  read?: Record<string, number>;
  /** `chat.message.read` events that are not yet published. */
  outbox: unknown[];
}

export type ConversationModel = Model<ConversationDoc>;

/** A field name for a user id: a bare number in a path would mean an array element. */
export function memberKey(userId: string): string {
  return `u${userId}`;
}

const schema = new Schema<ConversationDoc>(
  {
    _id: { type: String, required: true },
    kind: { type: String, required: true },
    members: { type: [String], required: true },
    lastSeq: { type: Number, required: true },
    lastAt: { type: Date, required: true },
    sent: { type: Schema.Types.Mixed },
    read: { type: Schema.Types.Mixed },
    outbox: outboxField,
  },
  {
    collection: 'conversations',
    versionKey: false,
    autoIndex: false,
    autoCreate: false,
    strictQuery: 'throw',
  },
);

schema.index({ members: 1, lastAt: -1 }, { name: 'member_recency' });
schema.index(...outboxIndex);

export function conversationModel(connection: Connection): ConversationModel {
  return connection.model<ConversationDoc>('Conversation', schema);
}
