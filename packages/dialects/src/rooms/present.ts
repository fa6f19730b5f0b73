import type { Message, Participant, Room, RoomId } from '@switchboard/protocol';
import type { z } from 'zod';
import type { Account, TokenPair } from '../rest-fields/views.ts';
import { roomsMessage, roomsRoom } from './encode.ts';
import type { RoomsHistory, RoomsSignedUp } from './rest.ts';
import type { RoomsRoom } from './schema.ts';

export { roomsRoom };

export function roomsSignedUp(
  { id, username, email, name }: Account,
  { accessToken, refreshToken }: TokenPair,
): z.infer<typeof RoomsSignedUp> {
  return {
    message: 'User registered successfully',
    token: accessToken,
    accessToken,
    refreshToken,
    user: { id, _id: id, username, email, name },
  };
}

/** In the order given. `participants`: who is in each of them; nobody where it says nothing. */
export function roomsRooms(
  rooms: readonly Room[],
  participants: ReadonlyMap<RoomId, readonly Participant[]>,
): z.infer<typeof RoomsRoom>[] {
  return rooms.map((room) => roomsRoom(room, participants.get(room.id) ?? []));
}

/** In the order given; direct messages have no shape here and are left out. */
export function roomsHistory(messages: readonly Message[]): z.infer<typeof RoomsHistory> {
  return messages.flatMap((message) => roomsMessage(message) ?? []);
}
