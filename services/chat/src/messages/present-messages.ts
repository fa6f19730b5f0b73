import { type Message, UserId } from '@switchboard/protocol';
import type { ChatContext } from '../context.ts';
import type { MessageDoc } from '../store/message-model.ts';
import { messageNow } from './message-view.ts';
import { readersOf } from './readers.ts';

/**
 * Stored messages as members see them, in the order given: with today's names and receipts. While the directory is away, with the names that
 * were stored: history does not depend on another service.
 */
export async function presentMessages(
  context: Pick<ChatContext, 'conversations' | 'positions' | 'directory'>,
  docs: readonly MessageDoc[],
): Promise<Message[]> {
  if (docs.length === 0) return [];
  const [readers, senders] = await Promise.all([
    readersOf(context, docs),
    context.directory.many(new Set(docs.map((doc) => UserId.parse(doc.sender.id)))).catch(() => undefined),
  ]);
  return docs.map((doc) => messageNow(doc, readers(doc), senders?.get(UserId.parse(doc.sender.id))));
}
