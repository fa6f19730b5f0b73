import type {
  ConversationId,
  ConversationNotifications,
  NotificationPreferences,
  UserId,
} from '@switchboard/protocol';

/** What users want to be told of, for whoever plans pushes. */
export interface PreferenceStore {
  /** Everybody asked for is in the answer; who never said anything, with the defaults. */
  ofUsers(userIds: readonly UserId[]): Promise<ReadonlyMap<UserId, NotificationPreferences>>;
  /** Those of these users who said something of this conversation. */
  ofConversation(
    conversationId: ConversationId,
    userIds: readonly UserId[],
  ): Promise<ReadonlyMap<UserId, ConversationNotifications>>;
}
