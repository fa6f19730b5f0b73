import {
  ConversationId,
  type ConversationSummary,
  jsonBytes,
  type Message,
  ok,
  type PublicUser,
  type RequestReply,
  type Result,
  roomOf,
  type UserId,
} from '@switchboard/protocol';
import type { ChatContext } from '../context.ts';
import { otherMember } from '../membership/membership.ts';
import { presentMessages } from '../messages/present-messages.ts';
import { type Listed, listedFor } from './listed-conversations.ts';
import { unreadIn } from './unread-in.ts';

const LAST_MESSAGES_BYTES = 512 * 1024;

/**
 * One's conversations, the liveliest first, with the last message and how many by others are unread. Which ones there are comes from the conversations' own documents,
 * what is last in them from the messages: the former may lag for a moment, the latter are the truth.
 */
export async function listConversations(
  context: ChatContext,
  { actor, limit }: { actor: { id: UserId }; limit: number },
): Promise<Result<RequestReply<'chat.conversations'>>> {
  const listed = await listedFor(context, actor.id, limit);
  const newest = await context.messages.newest(listed.map(({ doc }) => doc._id));
  const others = await otherMembers(context, actor.id, listed);
  const shown = await presentMessages(context, [...newest.values()]);
  const lastMessages = new Map<string, Message>(shown.map((message) => [message.conversationId, message]));
  const conversations = await Promise.all(
    listed.map((each) => summary(context, actor.id, each, lastMessages.get(each.doc._id), others)),
  );
  return ok({ conversations: shortened(conversations.sort((a, b) => lastAt(b).localeCompare(lastAt(a)))) });
}

/** Over the bus the list must fit what a broker takes: past that, the less lively ones come without their last message. */
function shortened(conversations: readonly ConversationSummary[]): ConversationSummary[] {
  let bytes = 0;
  return conversations.map(({ lastMessage, ...rest }) => {
    bytes += jsonBytes(lastMessage);
    return lastMessage && bytes <= LAST_MESSAGES_BYTES ? { ...rest, lastMessage } : rest;
  });
}

async function summary(
  context: ChatContext,
  userId: UserId,
  { doc, read, ...progress }: Listed,
  lastMessage: Message | undefined,
  others: ReadonlyMap<UserId, PublicUser>,
): Promise<ConversationSummary> {
  const id = ConversationId.parse(doc._id);
  const roomId = roomOf(id);
  const other = otherMember(userId, id);
  const with_ = other === undefined ? undefined : others.get(other);
  const lastSeq = lastMessage?.seq ?? doc.lastSeq;
  return {
    id,
    kind: doc.kind,
    ...(with_ ? { with: { id: with_.id, username: with_.username, name: with_.name } } : {}),
    ...(roomId === undefined ? {} : { roomId }),
    lastSeq,
    ...(lastMessage ? { lastMessage } : {}),
    readSeq: read,
    unread: await unreadIn(context, userId, id, progress, { lastSeq, knownSeq: doc.lastSeq }),
  };
}

/** Without names while the directory is away: the list itself does not need it. */
async function otherMembers(
  { directory }: ChatContext,
  userId: UserId,
  listed: readonly Listed[],
): Promise<ReadonlyMap<UserId, PublicUser>> {
  const ids = listed.flatMap(({ doc }) => otherMember(userId, ConversationId.parse(doc._id)) ?? []);
  return directory.many(new Set(ids)).catch(() => new Map());
}

function lastAt({ lastMessage }: ConversationSummary): string {
  return lastMessage?.createdAt ?? '';
}
