import type { Handler } from '../context.ts';
import { notInRoom } from '../rooms/not-in-room.ts';

/**
 * Acknowledged when chat has stored it, and not before. A lost or late reply comes up as a retryable SERVICE_UNAVAILABLE: the message may or
 * may not be stored, and the same clientMessageId finds out. To a room only from within.
 */
export const chatSend: Handler<'chat.send'> = async (session, { type, ...message }, context) => {
  const { to } = message;
  if (to.kind === 'room' && !(await context.rooms.has(session, to.roomId))) {
    return notInRoom(context, to.roomId);
  }
  return context.bus.request(type, { ...message, actor: session.identity, origin: session.deviceId });
};
