import { ConversationId, type RoomId, roomOf, type UserId } from '@switchboard/protocol';
import type { ChatContext } from '../context.ts';
import type { ConversationDoc } from '../store/conversation-model.ts';
import { readSeq, sentSeq } from '../store/conversation-store.ts';

/** A conversation in a user's list, and how far the user has come in it; 0 for not at all. */
export interface Listed {
  readonly doc: ConversationDoc;
  /** Up to here the user has read. */
  readonly read: number;
  /** Behind here messages count as unread: behind what was read, or, in a room where nothing was, behind what was said before the user came. */
  readonly from: number;
  /** The user's own newest message. */
  readonly sent: number;
}

/** The user's liveliest conversations: the direct ones, and the active rooms where they wrote or read (of those, at most `limit` where they did so last). */
export async function listedFor(
  context: Pick<ChatContext, 'conversations' | 'positions' | 'rooms'>,
  userId: UserId,
  limit: number,
): Promise<Listed[]> {
  const { conversations, positions } = context;
  await Promise.all([conversations.settled(), positions.settled()]);
  const [direct, rooms] = await Promise.all([
    conversations.ofMember(userId, limit),
    inRooms(context, userId, limit),
  ]);
  const listed = direct.map((doc): Listed => {
    const read = readSeq(doc, userId);
    return { doc, read, from: read, sent: sentSeq(doc, userId) };
  });
  return [...listed, ...rooms]
    .sort((a, b) => b.doc.lastAt.getTime() - a.doc.lastAt.getTime())
    .slice(0, limit);
}

async function inRooms(
  { conversations, positions, rooms }: Pick<ChatContext, 'conversations' | 'positions' | 'rooms'>,
  userId: UserId,
  limit: number,
): Promise<Listed[]> {
  const mine = await positions.ofUser(userId, limit);
  const [active, docs] = await Promise.all([
    rooms.activeAmong(mine.map(({ conversationId }) => Number(roomIdOf(conversationId)))),
    conversations.byIds(mine.map(({ conversationId }) => conversationId)),
  ]);
  return mine.flatMap(({ conversationId, read = 0, since = 0, sent = 0 }) => {
    const doc = docs.get(conversationId);
    if (!doc || !active.has(Number(roomIdOf(conversationId)))) return [];
    return [{ doc, read, from: read === 0 ? since : read, sent }];
  });
}

function roomIdOf(conversationId: string): RoomId | undefined {
  return roomOf(ConversationId.parse(conversationId));
}
