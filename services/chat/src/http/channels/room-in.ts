import { orThrow, type RoomId } from '@switchboard/protocol';
import { roomNotFound } from '../../rooms/refusals.ts';

/** What cannot be a room's id names no room. @throws SwitchboardError ROOM_NOT_FOUND */
export function roomIn({ id }: { readonly id: RoomId | null }): RoomId {
  return id ?? orThrow(roomNotFound());
}
