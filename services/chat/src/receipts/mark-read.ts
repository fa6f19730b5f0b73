import {
  type ConversationId,
  type EventOf,
  LIMITS,
  MessageId,
  ok,
  type RequestPayload,
  type RequestReply,
  type Result,
  reject,
  UserId,
  unavailable,
} from '@switchboard/protocol';
import { newEvent } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';
import { groupBy } from '../group-by.ts';
import { notAMember } from '../membership/membership.ts';
import type { MessageDoc } from '../store/message-model.ts';
import { readPosition } from './read-positions.ts';

/** How far back a receipt looks for messages to name; older ones became read, too, but their authors have long moved on. */
const NAMED_SPAN = 2_000;
/** Against other nodes. */
const MAX_LOST_RACES = 20;

/**
 * Moves the reader's position forward, in each conversation named. Cumulative: reading a message reads all before it. Idempotent, never backwards.
 * All or nothing as to permission: one message that is not the reader's refuses the lot, in the same words as one that does not exist.
 */
export async function markRead(
  context: ChatContext,
  { actor, messageIds, conversationId, upToSeq }: RequestPayload<'chat.read'>,
): Promise<Result<RequestReply<'chat.read'>>> {
  const upTo = new Map<ConversationId, number>();
  const raise = (id: ConversationId, seq: number) => upTo.set(id, Math.max(upTo.get(id) ?? 0, seq));

  if (conversationId !== undefined) {
    const allowed = await context.membership.mayRead(actor.id, conversationId);
    if (!allowed.ok) return allowed;
    raise(conversationId, upToSeq ?? Number.POSITIVE_INFINITY);
  }
  const unique = [...new Set(messageIds)];
  const docs = unique.length > 0 ? await context.messages.byIds(unique) : [];
  if (docs.length < unique.length) return notAMember();
  for (const doc of docs) raise(doc.conversationId as ConversationId, doc.seq);
  if (upTo.size === 0) return reject('INVALID_DATA', 'messageIds or conversationId is required');

  const named = new Set(docs.map((doc) => doc.conversationId as ConversationId));
  const allowed = await Promise.all([...named].map((id) => context.membership.mayRead(actor.id, id)));
  if (allowed.some((each) => !each.ok)) return notAMember();
  const reached = await Promise.all(
    [...upTo].map(([id, seq]) =>
      // One at a time per reader and conversation: the devices of one user here need not race one another.
      context.reading.run(`${actor.id} ${id}`, () => advance(context, actor.id, id, seq)),
    ),
  );
  return ok({ upToSeq: Math.max(...reached) });
}

/** Returns where the reader's position is afterwards. */
async function advance(
  context: ChatContext,
  readerId: UserId,
  conversationId: ConversationId,
  upTo: number,
): Promise<number> {
  const { messages, clock } = context;
  const newest = (await messages.newest([conversationId])).get(conversationId);
  if (!newest) return 0;
  const to = Math.min(upTo, newest.seq);
  const position = readPosition(context, conversationId, readerId, newest);
  for (let race = 0; race < MAX_LOST_RACES; race++) {
    const from = await position.current();
    if (from >= to) return from;
    const range = { after: Math.max(from, to - NAMED_SPAN), upTo: to };
    const named = await messages.othersWithin(conversationId, readerId, range, LIMITS.pageMax);
    const event =
      named.length > 0 ? newEvent(readEvent(conversationId, readerId, named, to), clock) : undefined;
    if (await position.move(from, to, event)) return to;
  }
  throw unavailable('The read position');
}

function readEvent(
  conversationId: ConversationId,
  readerId: UserId,
  named: readonly MessageDoc[],
  upToSeq: number,
): Omit<EventOf<'chat.message.read'>, 'v' | 'id' | 'at'> {
  const byAuthor = groupBy(named.toReversed(), (doc) => doc.sender.id);
  return {
    type: 'chat.message.read',
    conversationId,
    readerId,
    read: [...byAuthor].map(([authorId, docs]) => ({
      authorId: UserId.parse(authorId),
      messageIds: docs.map((doc) => MessageId.parse(doc._id)),
    })),
    upToSeq,
  };
}
