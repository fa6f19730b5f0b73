import { type Connection, type Model, Schema } from 'mongoose';

/** A message as stored. The ack rule rests on the two unique indexes below. */
export interface MessageDoc {
  /** UUIDv7. */
  _id: string;
  conversationId: string;
  seq: number;
  /** As the sender was called then; readers see the current name while the directory answers. */
  sender: { id: string; username: string; name: string };
  receiverId?: string;
  roomId?: string;
  content: string;
  contentType: 'text' | 'image' | 'file';
  clientMessageId?: string;
  /** Strictly later than the message before it, so that a timestamp is a cursor as good as a seq. */
  createdAt: Date;
  deliveredAt?: Date;
  /** Present until `chat.message.created` is published; the event is made from the document, under the message's id. */
  outbox?: { at: Date; origin?: string };
  /** Present until `chat.message.delivered` is published; one event id for all messages of one batch. */
  receipt?: { at: Date; eventId: string };
}

export type MessageModel = Model<MessageDoc>;

export const MESSAGE_INDEXES = {
  seq: 'conversation_seq',
  clientMessage: 'sender_client_message',
  outbox: 'outbox_at_id',
  receipt: 'receipt_at',
} as const;

const schema = new Schema<MessageDoc>(
  {
    _id: { type: String, required: true },
    conversationId: { type: String, required: true },
    seq: { type: Number, required: true },
    sender: {
      type: new Schema({ id: String, username: String, name: String }, { _id: false }),
      required: true,
    },
    receiverId: String,
    roomId: String,
    content: { type: String, required: true },
    contentType: { type: String, required: true },
    clientMessageId: String,
    createdAt: { type: Date, required: true },
    deliveredAt: Date,
    outbox: { type: new Schema({ at: Date, origin: String }, { _id: false }) },
    receipt: { type: new Schema({ at: Date, eventId: String }, { _id: false }) },
  },
  { collection: 'messages', versionKey: false, autoIndex: false, autoCreate: false, strictQuery: 'throw' },
);

schema.index({ conversationId: 1, seq: 1 }, { unique: true, name: MESSAGE_INDEXES.seq });
schema.index(
  { 'sender.id': 1, clientMessageId: 1 },
  {
    unique: true,
    name: MESSAGE_INDEXES.clientMessage,
    partialFilterExpression: { clientMessageId: { $exists: true } },
  },
);
// These hold only what is not yet published, which is next to nothing. A sparse index with _id in it would hold everything.
schema.index(
  { 'outbox.at': 1, _id: 1 },
  { name: MESSAGE_INDEXES.outbox, partialFilterExpression: { 'outbox.at': { $exists: true } } },
);
schema.index({ 'receipt.at': 1 }, { sparse: true, name: MESSAGE_INDEXES.receipt });

export function messageModel(connection: Connection): MessageModel {
  return connection.model<MessageDoc>('Message', schema);
}
