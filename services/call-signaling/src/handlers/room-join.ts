import type { Handler } from '../context.ts';

export const roomJoin: Handler<'room.join'> = (session, { roomId }, { rooms }) => rooms.join(session, roomId);
