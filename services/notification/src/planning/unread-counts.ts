import type { Bus } from '@switchboard/ports';
import { type ConversationId, orThrow, type RequestReply, type UserId } from '@switchboard/protocol';

/** The bound of one 'chat.unread'. */
const BATCH = 100;

export type UnreadCounts = RequestReply<'chat.unread'>['users'][number];

/** What each of these users has yet to read, everywhere and in `conversationId`. @throws SwitchboardError SERVICE_UNAVAILABLE, retryable. */
export async function unreadCounts(
  bus: Bus,
  userIds: readonly UserId[],
  conversationId?: ConversationId,
): Promise<ReadonlyMap<UserId, UnreadCounts>> {
  const counts = new Map<UserId, UnreadCounts>();
  for (let from = 0; from < userIds.length; from += BATCH) {
    const batch = userIds.slice(from, from + BATCH);
    const asked = { userIds: batch, ...(conversationId === undefined ? {} : { conversationId }) };
    const { users } = orThrow(await bus.request('chat.unread', asked));
    for (const each of users) counts.set(each.userId, each);
  }
  return counts;
}
