import {
  ConversationId,
  type ConversationNotifications,
  DEFAULT_PREFERENCES,
  NotificationPreferences,
  UserId,
} from '@switchboard/protocol';
import type { PreferenceStore } from '../preferences/preference-store.ts';
import type {
  ConversationPreferenceDoc,
  ConversationPreferenceModel,
  PreferencesDoc,
  PreferencesModel,
} from './preference-model.ts';

/** Conversations of which one user may say something; nobody lists more of them by hand. */
export const CONVERSATIONS_PER_USER = 1_000;

export interface ConversationPreference extends ConversationNotifications {
  readonly conversationId: ConversationId;
}

/** What the routes do with preferences, besides what others may. */
export interface PreferenceRecords extends PreferenceStore {
  set(userId: UserId, preferences: NotificationPreferences): Promise<void>;
  /** The newest first. */
  conversationsOf(userId: UserId): Promise<ConversationPreference[]>;
  /** False when the user has said something of CONVERSATIONS_PER_USER others. Of several at once, as many more may get through. */
  setConversation(userId: UserId, preference: ConversationPreference, at: Date): Promise<boolean>;
  removeConversation(userId: UserId, conversationId: ConversationId): Promise<void>;
  /** Everything that the user ever said. */
  forget(userId: UserId): Promise<void>;
}

export function createPreferenceRecords(
  preferences: PreferencesModel,
  conversations: ConversationPreferenceModel,
): PreferenceRecords {
  const key = (conversationId: ConversationId, userId: UserId): string => `${conversationId}:${userId}`;
  return {
    async ofUsers(userIds) {
      const docs = await preferences.find({ _id: { $in: userIds } }).lean<PreferencesDoc[]>();
      const said = new Map(docs.map(({ _id, ...rest }) => [_id, rest]));
      return new Map(userIds.map((id) => [id, preferencesIn(said.get(id))]));
    },

    async ofConversation(conversationId, userIds) {
      const ids = userIds.map((userId) => key(conversationId, userId));
      const docs = await conversations.find({ _id: { $in: ids } }).lean<ConversationPreferenceDoc[]>();
      return new Map(docs.map((doc) => [UserId.parse(doc.userId), notifications(doc)]));
    },

    async set(userId, { messages, previews, quietHours }) {
      await preferences.updateOne(
        { _id: userId },
        {
          $set: { messages, previews, ...(quietHours ? { quietHours } : {}) },
          ...(quietHours ? {} : { $unset: { quietHours: 1 } }),
        },
        { upsert: true },
      );
    },

    async conversationsOf(userId) {
      const docs = await conversations
        .find({ userId })
        .sort({ at: -1 })
        .limit(CONVERSATIONS_PER_USER)
        .lean<ConversationPreferenceDoc[]>();
      return docs.map((doc) => ({
        conversationId: ConversationId.parse(doc.conversationId),
        ...notifications(doc),
      }));
    },

    async setConversation(userId, { conversationId, mode, mutedUntil }, at) {
      const _id = key(conversationId, userId);
      const others = await conversations
        .find({ userId, _id: { $ne: _id } }, { _id: 1 })
        .limit(CONVERSATIONS_PER_USER)
        .lean();
      if (others.length >= CONVERSATIONS_PER_USER) return false;
      await conversations.replaceOne(
        { _id },
        {
          conversationId,
          userId,
          ...(mode === undefined ? {} : { mode }),
          ...(mutedUntil === undefined ? {} : { mutedUntil: new Date(mutedUntil) }),
          at,
        },
        { upsert: true },
      );
      return true;
    },

    async removeConversation(userId, conversationId) {
      await conversations.deleteOne({ _id: key(conversationId, userId) });
    },

    async forget(userId) {
      await preferences.deleteOne({ _id: userId });
      await conversations.deleteMany({ userId });
    },
  };
}

/** A zone that a machine has forgotten costs its user the quiet hours, and nobody else anything. */
function preferencesIn(said: unknown): NotificationPreferences {
  if (said === undefined) return DEFAULT_PREFERENCES;
  const parsed = NotificationPreferences.safeParse(said);
  if (parsed.success) return parsed.data;
  const without = NotificationPreferences.omit({ quietHours: true }).safeParse(said);
  return without.success ? without.data : DEFAULT_PREFERENCES;
}

function notifications({ mode, mutedUntil }: ConversationPreferenceDoc): ConversationNotifications {
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(mutedUntil === undefined ? {} : { mutedUntil: mutedUntil.toISOString() }),
  };
}
