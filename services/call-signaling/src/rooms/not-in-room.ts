import { type Rejection, type RoomId, reject } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';

/** Why a socket that is not in the room may do nothing there: there is none such, or it has not joined. */
export async function notInRoom(
  { bus }: Pick<SignalingContext, 'bus'>,
  roomId: RoomId,
): Promise<{ readonly ok: false; readonly error: Rejection }> {
  const room = await bus.request('chat.room.get', { roomId });
  return room.ok ? reject('PERMISSION_DENIED', 'Join the room first') : room;
}
