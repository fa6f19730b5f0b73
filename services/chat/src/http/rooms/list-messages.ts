import { type Before, roomsHistory, roomsRest } from '@switchboard/dialects';
import { orThrow, type RoomId, roomConversation, SwitchboardError } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../../context.ts';
import { MESSAGES_LISTED, roomMessages } from '../../rooms/room-messages.ts';

export function roomsListMessages(context: ChatContext): Route {
  return route({
    ...roomsRest.listMessages,
    async handle({ actor, params: { roomId }, query: { before, limit = MESSAGES_LISTED } }) {
      const end = before === undefined ? {} : await endOf(context, roomId, before);
      const { messages } = orThrow(
        await roomMessages(context, { actor, roomId, ...end, limit, order: 'newest' }),
      );
      return { status: 200, body: roomsHistory(messages) };
    },
  });
}

/** Where a page ends that came before a message or a moment. */
async function endOf({ messages, rooms }: ChatContext, roomId: RoomId, before: Before) {
  // Exclusive; no two messages of a room share a moment.
  if (before.by === 'time') return { until: new Date(Date.parse(before.at) - 1) };
  const message = await messages.byId(before.messageId);
  if (message?.conversationId === roomConversation(roomId)) return { beforeSeq: message.seq };
  // Of a room that is not there no message is known either, and that is the better thing to say.
  if (!(await rooms.isActive(Number(roomId)))) return {};
  throw new SwitchboardError({
    code: 'INVALID_DATA',
    message: 'before is not a message of this room',
    fields: { before: [{ rule: 'unknown', message: 'is not a message of this room' }] },
  });
}
