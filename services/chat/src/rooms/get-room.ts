import { ok, type Result, type Room, type RoomId } from '@switchboard/protocol';
import type { ChatContext } from '../context.ts';
import { presentRoom } from './present-rooms.ts';
import { roomNotFound } from './refusals.ts';

/** An active room, its creator as they are called today. Refuses with ROOM_NOT_FOUND. */
export async function getRoom(
  context: Pick<ChatContext, 'rooms' | 'directory'>,
  { roomId }: { readonly roomId: RoomId },
): Promise<Result<Room>> {
  const doc = await context.rooms.active(Number(roomId));
  return doc ? ok(await presentRoom(context, doc)) : roomNotFound();
}
