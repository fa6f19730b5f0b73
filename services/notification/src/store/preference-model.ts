import type { NotificationPreferences, NotifyMode } from '@switchboard/protocol';
import { type Connection, type Model, Schema } from 'mongoose';

/** What a user wants to be told of, as stored; nothing is stored of who never said anything. */
export interface PreferencesDoc extends NotificationPreferences {
  /** The user's id. */
  _id: string;
}

/** What a user wants of one conversation. */
export interface ConversationPreferenceDoc {
  /** `<conversation>:<user>`. */
  _id: string;
  conversationId: string;
  userId: string;
  mode?: NotifyMode;
  mutedUntil?: Date;
  /** When it was said. */
  at: Date;
}

export type PreferencesModel = Model<PreferencesDoc>;
export type ConversationPreferenceModel = Model<ConversationPreferenceDoc>;

const options = {
  versionKey: false,
  autoIndex: false,
  autoCreate: false,
  strictQuery: 'throw',
} as const;

const preferences = new Schema<PreferencesDoc>(
  {
    _id: { type: String, required: true },
    messages: { type: new Schema({ direct: String, rooms: String }, { _id: false }), required: true },
    previews: { type: Boolean, required: true },
    quietHours: {
      type: new Schema({ from: String, to: String, timeZone: String, calls: String }, { _id: false }),
    },
  },
  { ...options, collection: 'notification_preferences' },
);

const ofConversation = new Schema<ConversationPreferenceDoc>(
  {
    _id: { type: String, required: true },
    conversationId: { type: String, required: true },
    userId: { type: String, required: true },
    mode: String,
    mutedUntil: Date,
    at: { type: Date, required: true },
  },
  { ...options, collection: 'conversation_preferences' },
);
ofConversation.index({ userId: 1, at: -1 }, { name: 'user_at' });

export function preferencesModel(connection: Connection): PreferencesModel {
  return connection.model<PreferencesDoc>('NotificationPreferences', preferences);
}

export function conversationPreferenceModel(connection: Connection): ConversationPreferenceModel {
  return connection.model<ConversationPreferenceDoc>('ConversationPreference', ofConversation);
}
