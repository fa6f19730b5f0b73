import type { ConversationNotifications, NotificationPreferences } from '@switchboard/protocol';

export interface MessageNews {
  readonly kind: 'direct' | 'room';
  readonly mentioned: boolean;
}

/** Whether a user wants to be woken by a message at all. Quiet hours only put it off, so they have no say here. */
export function wantsMessage(
  preferences: NotificationPreferences,
  conversation: ConversationNotifications | undefined,
  { kind, mentioned }: MessageNews,
  now: number,
): boolean {
  const { mode, mutedUntil } = conversation ?? {};
  if (mutedUntil !== undefined && now < Date.parse(mutedUntil)) return false;
  const { direct, rooms } = preferences.messages;
  switch (mode ?? (kind === 'direct' ? direct : rooms)) {
    case 'all':
      return true;
    case 'mentions':
      return mentioned;
    case 'none':
      return false;
  }
}
