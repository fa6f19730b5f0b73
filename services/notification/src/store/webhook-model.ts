import type { WebhookChange } from '@switchboard/dialects';
import { type Connection, type Model, Schema } from 'mongoose';

export type WebhookOff = 'gone' | 'failing' | 'admin';

/** An endpoint that hears of events. */
export interface WebhookDoc {
  /** The WebhookId. */
  _id: string;
  url: string;
  /** `*`, families such as `call.*`, types. */
  events: string[];
  description?: string;
  messageText: boolean;
  enabled: boolean;
  disabled?: { at: Date; reason: WebhookOff };
  /** Newest first. `until`: when a former one stops signing. */
  secrets: { secret: string; until?: Date }[];
  /** The first failure since something was last delivered. */
  failingSince?: Date;
  lastDeliveredAt?: Date;
  createdAt: Date;
  updatedAt: Date;
  /** The latest HISTORY entries, oldest first. */
  history: { at: Date; action: WebhookChange['action']; by?: string; detail?: string }[];
}

export type WebhookModel = Model<WebhookDoc>;

export const HISTORY = 50;

const schema = new Schema<WebhookDoc>(
  {
    _id: { type: String, required: true },
    url: { type: String, required: true },
    events: { type: [String], required: true },
    description: String,
    messageText: { type: Boolean, required: true },
    enabled: { type: Boolean, required: true },
    disabled: { type: { _id: false, at: Date, reason: String }, default: undefined },
    secrets: [{ _id: false, secret: String, until: Date }],
    failingSince: Date,
    lastDeliveredAt: Date,
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
    history: [{ _id: false, at: Date, action: String, by: String, detail: String }],
  },
  { collection: 'webhooks', versionKey: false, autoIndex: false, autoCreate: false, strict: 'throw' },
);

export function webhookModel(connection: Connection): WebhookModel {
  return connection.model<WebhookDoc>('Webhook', schema);
}

/** Part of an update: what happened goes at the end of the history, which stays bounded. */
export function noted(entry: WebhookDoc['history'][number]) {
  return { $push: { history: { $each: [entry], $slice: -HISTORY } } };
}
