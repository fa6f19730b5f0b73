import { roomsRest, roomsRoom } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../../context.ts';
import { createRoom } from '../../rooms/create-room.ts';

/** "name: String (unique, required)". Nobody is in a room that is new: its creator joins like everybody else. */
export function roomsCreateRoom(context: ChatContext): Route {
  return route({
    ...roomsRest.createRoom,
    async handle({ actor, body }) {
      const room = orThrow(await createRoom(context, { actor, ...body, kind: 'chat', unique: true }));
      return { status: 201, body: roomsRoom(room, []) };
    },
  });
}
