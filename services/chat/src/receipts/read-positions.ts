import { type BusEvent, type ConversationId, roomOf, type UserId } from '@switchboard/protocol';
import type { ChatContext } from '../context.ts';
import { readSeq } from '../store/conversation-store.ts';
import type { MessageDoc } from '../store/message-model.ts';
import { positionKey } from '../store/room-position-model.ts';

/** Where a reader is in one conversation, and how to move on. */
export interface ReadPosition {
  /** 0 when nothing is read. */
  current(): Promise<number>;
  /** Stores the event with the move, and publishes it. False when the position is not at `from` any more. */
  move(from: number, to: number, event: BusEvent | undefined): Promise<boolean>;
}

/** @param newest The newest message of the conversation. */
export function readPosition(
  context: Pick<ChatContext, 'conversations' | 'positions' | 'readEvents' | 'positionEvents' | 'clock'>,
  conversationId: ConversationId,
  userId: UserId,
  newest: MessageDoc,
): ReadPosition {
  return roomOf(conversationId) === undefined
    ? inConversation(context, conversationId, userId, newest)
    : inRoom(context, conversationId, userId);
}

function inConversation(
  { conversations, readEvents }: Pick<ChatContext, 'conversations' | 'readEvents'>,
  conversationId: ConversationId,
  userId: UserId,
  newest: MessageDoc,
): ReadPosition {
  return {
    async current() {
      const conversation = (await conversations.byIds([conversationId])).get(conversationId);
      // Made by the first message, whose event may be still on its way.
      if (!conversation) await conversations.follow(newest);
      return readSeq(conversation, userId);
    },
    async move(from, to, event) {
      const moved = await conversations.moveRead(conversationId, userId, from, to, event);
      if (moved && event) void readEvents.flush(conversationId, [event]);
      return moved;
    },
  };
}

function inRoom(
  { positions, positionEvents, clock }: Pick<ChatContext, 'positions' | 'positionEvents' | 'clock'>,
  conversationId: ConversationId,
  userId: UserId,
): ReadPosition {
  return {
    current: async () => (await positions.of(conversationId, userId))?.read ?? 0,
    async move(from, to, event) {
      const at = new Date(clock.now());
      const moved = await positions.moveRead({ conversationId, userId, at }, from, to, event);
      if (moved && event) void positionEvents.flush(positionKey(conversationId, userId), [event]);
      return moved;
    },
  };
}
