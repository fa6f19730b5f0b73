import type { BusEvent } from '@switchboard/protocol';
import { outboxField, outboxIndex } from '@switchboard/service-kit';
import { type Connection, type Model, Schema } from 'mongoose';

/**
 * How far one user has come in one room; made by their first message or receipt there. A document each rather than a list in the room's
 * conversation: a room may have any number of readers, and they must not wait for one another.
 */
export interface RoomPositionDoc {
  /** `<conversation>:<user>`. */
  _id: string;
  conversationId: string;
  userId: string;
  /** Everything up to here is read. */
  read?: number;
  /** Seq of the user's newest message. */
  sent?: number;
  /** Before the user's first message: what was said until then is not unread to them. */
  since?: number;
  /** When the user last wrote or read. */
  at: Date;
  /** `chat.message.read` events that are not yet published. */
  readonly outbox: readonly BusEvent[];
}

export type RoomPositionModel = Model<RoomPositionDoc>;

export function positionKey(conversationId: string, userId: string): string {
  return `${conversationId}:${userId}`;
}

const schema = new Schema<RoomPositionDoc>(
  {
    _id: { type: String, required: true },
    conversationId: { type: String, required: true },
    userId: { type: String, required: true },
    read: Number,
    sent: Number,
    since: Number,
    at: { type: Date, required: true },
    outbox: outboxField,
  },
  {
    collection: 'room_positions',
    versionKey: false,
    autoIndex: false,
    autoCreate: false,
    strictQuery: 'throw',
  },
);

schema.index({ userId: 1, at: -1 }, { name: 'user_recency' });
schema.index({ conversationId: 1, read: -1 }, { name: 'conversation_read' });
schema.index(...outboxIndex);

export function roomPositionModel(connection: Connection): RoomPositionModel {
  return connection.model<RoomPositionDoc>('RoomPosition', schema);
}
