import { ConversationId, directMembers, UserId } from '@switchboard/protocol';
import type { ChatContext } from '../context.ts';
import { groupBy } from '../group-by.ts';
import { type ConversationDoc, memberKey } from '../store/conversation-model.ts';
import type { MessageDoc } from '../store/message-model.ts';

/** Readers that a room's message names: those who have come farthest. */
const ROOM_READERS = 50;

/** Who else has read a message. */
export type Readers = (doc: MessageDoc) => UserId[];

interface Position {
  readonly userId: string;
  readonly read: number;
}

/**
 * Derived: whoever has read as far as a message has read it. Reading is cumulative, so nothing is kept per message. Of a room's readers, who may be any
 * number, the `ROOM_READERS` that have read most in it are known here.
 */
export async function readersOf(
  { conversations, positions }: Pick<ChatContext, 'conversations' | 'positions'>,
  docs: readonly MessageDoc[],
): Promise<Readers> {
  const groups = groupBy(docs, (doc) => doc.conversationId);
  const direct = [...groups.keys()].filter((id) => members(id) !== undefined);
  const rooms = [...groups].filter(([id]) => members(id) === undefined);
  const [stored, inRooms] = await Promise.all([
    direct.length === 0 ? new Map<string, ConversationDoc>() : conversations.byIds(direct),
    Promise.all(
      rooms.map(async ([id, all]) => {
        const oldest = Math.min(...all.map(({ seq }) => seq));
        return [id, await positions.readers(id, oldest, ROOM_READERS)] as const;
      }),
    ),
  ]);
  const known = new Map<string, Position[]>([
    ...direct.map((id) => [id, memberPositions(id, stored.get(id))] as const),
    ...inRooms.map(([id, found]) => [id, found.map(({ userId, read = 0 }) => ({ userId, read }))] as const),
  ]);
  return ({ conversationId, seq, sender }) =>
    (known.get(conversationId) ?? [])
      .filter(({ userId, read }) => read >= seq && userId !== sender.id)
      .map(({ userId }) => UserId.parse(userId));
}

function memberPositions(id: string, conversation: ConversationDoc | undefined): Position[] {
  return [...new Set(members(id))].map((userId) => ({
    userId,
    read: conversation?.read?.[memberKey(userId)] ?? 0,
  }));
}

function members(id: string): [UserId, UserId] | undefined {
  return directMembers(ConversationId.parse(id));
}
