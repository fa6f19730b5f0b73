import {
  ConversationId,
  ok,
  type RequestPayload,
  type RequestReply,
  type Result,
  roomOf,
  type UserId,
} from '@switchboard/protocol';
import type { ChatContext } from '../context.ts';
import { otherMember } from '../membership/membership.ts';
import { readSeq, sentSeq } from '../store/conversation-store.ts';
import { type Listed, listedFor } from './listed-conversations.ts';
import { unreadIn } from './unread-in.ts';

/** Of more conversations than these, the liveliest count. */
const CONVERSATIONS_MAX = 1_000;
/** Users of one question counted at the same time. */
const ABREAST = 8;

type Counts = RequestReply<'chat.unread'>['users'][number];

/**
 * Unread counts from the conversations' own documents, without their messages. Only the conversation that was asked about is looked at itself: who asks has often just
 * heard of its newest message, which the document may not know yet.
 */
export async function countUnread(
  context: ChatContext,
  { userIds, conversationId }: RequestPayload<'chat.unread'>,
): Promise<Result<RequestReply<'chat.unread'>>> {
  const { conversations, positions } = context;
  // What was sent here is in the documents that are read below.
  await Promise.all([conversations.settled(), positions.settled()]);
  const newest = conversationId && (await context.messages.newest([conversationId])).get(conversationId);
  const counted = new Map<UserId, Counts>();
  const waiting = [...new Set(userIds)];
  const worker = async (): Promise<void> => {
    for (let userId = waiting.pop(); userId; userId = waiting.pop()) {
      counted.set(userId, await countOf(context, userId, conversationId, newest?.seq ?? 0));
    }
  };
  await Promise.all(Array.from({ length: Math.min(ABREAST, waiting.length) }, worker));
  return ok({ users: [...new Set(userIds)].flatMap((id) => counted.get(id) ?? []) });
}

async function countOf(
  context: ChatContext,
  userId: UserId,
  conversationId: ConversationId | undefined,
  newestSeq: number,
): Promise<Counts> {
  const [listed, asked] = await Promise.all([
    listedFor(context, userId, CONVERSATIONS_MAX),
    conversationId === undefined ? undefined : standing(context, userId, conversationId),
  ]);
  const others = await Promise.all(
    listed
      .filter(({ doc, from }) => doc._id !== conversationId && doc.lastSeq > from)
      .map((each) => countIn(context, userId, each, each.doc.lastSeq)),
  );
  const conversation = asked ? await countIn(context, userId, asked, newestSeq) : 0;
  return {
    userId,
    total: others.reduce((sum, count) => sum + count, conversation),
    conversation,
    readSeq: asked?.read ?? 0,
  };
}

type Standing = Omit<Listed, 'doc'> & { readonly doc: Pick<Listed['doc'], '_id' | 'lastSeq'> };

function countIn(context: ChatContext, userId: UserId, at: Standing, lastSeq: number): Promise<number> {
  const id = ConversationId.parse(at.doc._id);
  return unreadIn(context, userId, id, at, { lastSeq, knownSeq: at.doc.lastSeq });
}

/** How far a user has come in one conversation; undefined when they are not of it. */
async function standing(
  { conversations, positions }: ChatContext,
  userId: UserId,
  conversationId: ConversationId,
): Promise<Standing | undefined> {
  const doc = (await conversations.byIds([conversationId])).get(conversationId);
  const known = { _id: conversationId, lastSeq: doc?.lastSeq ?? 0 };
  if (roomOf(conversationId) === undefined) {
    if (otherMember(userId, conversationId) === undefined) return undefined;
    const read = readSeq(doc, userId);
    return { doc: known, read, from: read, sent: sentSeq(doc, userId) };
  }
  const position = await positions.of(conversationId, userId);
  if (!position) return undefined;
  const { read = 0, since = 0, sent = 0 } = position;
  return { doc: known, read, from: read === 0 ? since : read, sent };
}
