import { ok, roomConversation, roomOf } from '@switchboard/protocol';
import { roomNotFound } from '../rooms/refusals.ts';
import type { RoomStore } from '../store/room-store.ts';
import type { RoomKind } from './membership.ts';

/**
 * Active rooms are open: every user may read them. Who may write is whoever takes part just then, which the edge knows of its sockets and
 * `rooms/participants.ts` asks it for; here it is enough that there is such a room.
 */
export function createRoomKind(rooms: Pick<RoomStore, 'isActive'>): RoomKind {
  return {
    async destination(_actor, roomId) {
      if (!(await rooms.isActive(Number(roomId)))) return roomNotFound();
      return ok({ conversationId: roomConversation(roomId), roomId });
    },
    async mayRead(_userId, conversationId) {
      const roomId = roomOf(conversationId);
      const active = roomId !== undefined && (await rooms.isActive(Number(roomId)));
      return active ? ok(undefined) : roomNotFound();
    },
  };
}
