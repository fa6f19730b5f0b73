import { unread } from '@switchboard/domain';
import type { ConversationId, UserId } from '@switchboard/protocol';
import type { ChatContext } from '../context.ts';
import type { Listed } from './listed-conversations.ts';

/** An unread count is exact up to here; beyond, it says this much at least. */
const UNREAD_SPAN = 1_000;

/**
 * How many messages by others a user has yet to read in a conversation. `lastSeq`: its newest message; `knownSeq`: up to where its document, and so `sent`,
 * was raised, which may lag for a moment.
 */
export async function unreadIn(
  { messages }: Pick<ChatContext, 'messages'>,
  userId: UserId,
  conversationId: ConversationId,
  { from, sent }: Pick<Listed, 'from' | 'sent'>,
  { lastSeq, knownSeq }: { readonly lastSeq: number; readonly knownSeq: number },
): Promise<number> {
  const after = Math.max(from, lastSeq - UNREAD_SPAN);
  // Only who has written since reading, or may have since the document was raised, has messages of their own to leave out.
  const ownPossible = Math.max(sent, lastSeq > knownSeq ? lastSeq : 0) > after;
  const own = ownPossible ? await messages.countOwn(conversationId, userId, { after, upTo: lastSeq }) : 0;
  return unread(lastSeq, after, own);
}
