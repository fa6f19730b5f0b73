import { type Message, UserId } from '@switchboard/protocol';
import type { ChatContext } from '../context.ts';
import type { MessageDoc } from '../store/message-model.ts';

import { messageNow } from './message-view.ts';

/**
 * Stored messages as members see them, in the order given: with today's names and receipts. While the directory is away, with the names that
 * were stored: history does not depend on another service.
 */
export async function presentMessages(
  { conversations, directory }: Pick<ChatContext, 'conversations' | 'directory'>,
  docs: readonly MessageDoc[],
): Promise<Message[]> {
  if (docs.length === 0) return [];
  const [positions, senders] = await Promise.all([
    conversations.byIds([...new Set(docs.map((doc) => doc.conversationId))]),
    directory.many(new Set(docs.map((doc) => UserId.parse(doc.sender.id)))).catch(() => undefined),
  ]);
  return docs.map((doc) =>
    messageNow(doc, positions.get(doc.conversationId), senders?.get(UserId.parse(doc.sender.id))),
  );
}
