import {
  ok,
  type Result,
  type RoomId,
  roomConversation,
  type UserId,
  unavailable,
} from '@switchboard/protocol';
import { newEvent } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';
import { roomAsStored } from './present-rooms.ts';
import { notCreator, roomNotFound } from './refusals.ts';

/** Against other requests on the same room. */
const MAX_LOST_RACES = 10;

/**
 * Takes the room and its messages out of everybody's sight; the record stays. Its name is free for others. Refuses with ROOM_NOT_FOUND (also the second time)
 * or PERMISSION_DENIED (detail not_creator).
 */
export async function deleteRoom(
  { rooms, positions, roomEvents, clock, logger }: ChatContext,
  { actor, roomId }: { readonly actor: { readonly id: UserId }; readonly roomId: RoomId },
): Promise<Result<undefined>> {
  for (let race = 0; race < MAX_LOST_RACES; race++) {
    const doc = await rooms.active(Number(roomId));
    if (!doc) return roomNotFound();
    if (doc.creator.id !== actor.id) return notCreator('delete');
    const event = newEvent(
      { type: 'chat.room.deleted', room: roomAsStored({ ...doc, active: false }) },
      clock,
    );
    if ((await rooms.remove(doc, new Date(clock.now()), event)) === 'lost') continue;
    void roomEvents.flush(doc._id, [event]);
    // What is left over is passed over by whoever finds it: this only keeps their lists short.
    await positions
      .forget(roomConversation(roomId))
      .catch((err: unknown) => logger.warn({ roomId, err }, 'positions in a deleted room stay'));
    return ok(undefined);
  }
  throw unavailable('The room');
}
