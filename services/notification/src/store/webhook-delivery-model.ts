import { type Connection, type Model, Schema } from 'mongoose';

export type WebhookDeliveryStatus = 'pending' | 'delivered' | 'failed';

/** One event on its way to one endpoint. */
export interface WebhookDeliveryDoc {
  /** `<webhook>:<event>`: however often the event comes, it is sent there once. */
  _id: string;
  webhookId: string;
  eventId: string;
  type: string;
  /** What is sent, to the byte: a signature is over this text. */
  body: string;
  status: WebhookDeliveryStatus;
  attempts: number;
  /** When to try next; absent when settled. While it is in hand, the end of the lease: what a dead process had in hand comes due by itself. */
  dueAt?: Date;
  /** Who has it in hand. */
  lease?: string;
  /** What is not delivered by then has failed. */
  giveUpAt: Date;
  createdAt: Date;
  lastAttemptAt?: Date;
  responseStatus?: number;
  error?: string;
  durationMs?: number;
  /** The store forgets it then. */
  expiresAt: Date;
}

export type WebhookDeliveryModel = Model<WebhookDeliveryDoc>;

const schema = new Schema<WebhookDeliveryDoc>(
  {
    _id: { type: String, required: true },
    webhookId: { type: String, required: true },
    eventId: { type: String, required: true },
    type: { type: String, required: true },
    body: { type: String, required: true },
    status: { type: String, required: true },
    attempts: { type: Number, required: true },
    dueAt: Date,
    lease: String,
    giveUpAt: { type: Date, required: true },
    createdAt: { type: Date, required: true },
    lastAttemptAt: Date,
    responseStatus: Number,
    error: String,
    durationMs: Number,
    expiresAt: { type: Date, required: true },
  },
  {
    collection: 'webhook_deliveries',
    versionKey: false,
    autoIndex: false,
    autoCreate: false,
    strict: 'throw',
  },
);

schema.index(
  { webhookId: 1, dueAt: 1 },
  { name: 'webhook_due', partialFilterExpression: { dueAt: { $exists: true } } },
);
schema.index({ webhookId: 1, createdAt: -1, _id: -1 }, { name: 'webhook_newest' });
schema.index({ expiresAt: 1 }, { name: 'expires', expireAfterSeconds: 0 });

export function webhookDeliveryModel(connection: Connection): WebhookDeliveryModel {
  return connection.model<WebhookDeliveryDoc>('WebhookDelivery', schema);
}
