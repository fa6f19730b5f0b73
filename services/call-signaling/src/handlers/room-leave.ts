import { ok } from '@switchboard/protocol';
import type { Handler } from '../context.ts';

export const roomLeave: Handler<'room.leave'> = async (session, { roomId }, { rooms }) => {
  await rooms.leave(session, roomId);
  return ok({});
};
