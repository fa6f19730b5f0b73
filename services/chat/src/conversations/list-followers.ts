import {
  directMembers,
  ok,
  type RequestPayload,
  type RequestReply,
  type Result,
  UserId,
} from '@switchboard/protocol';
import type { ChatContext } from '../context.ts';

/** Ids are ordered as strings, so that a page goes on where the one before it ended. */
export async function listFollowers(
  { positions }: Pick<ChatContext, 'positions'>,
  { conversationId, after, limit }: RequestPayload<'chat.followers'>,
): Promise<Result<RequestReply<'chat.followers'>>> {
  await positions.settled();
  const members = directMembers(conversationId);
  const found = members
    ? [...new Set<string>(members)].toSorted().filter((id) => after === undefined || id > after)
    : // Of a deleted room there are none: its positions went with it.
      await positions.followers(conversationId, after, limit + 1);
  return ok({
    userIds: found.slice(0, limit).map((id) => UserId.parse(id)),
    more: found.length > limit,
  });
}
