import { roomsRest, roomsRooms } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../../context.ts';
import { allRooms } from '../../rooms/list-rooms.ts';
import { participantsOf } from '../../rooms/participants.ts';

export function roomsListRooms(context: ChatContext): Route {
  return route({
    ...roomsRest.listRooms,
    async handle() {
      const rooms = orThrow(await allRooms(context));
      const participants = await participantsOf(context, { roomIds: rooms.map((room) => room.id) });
      return { status: 200, body: roomsRooms(rooms, participants) };
    },
  });
}
