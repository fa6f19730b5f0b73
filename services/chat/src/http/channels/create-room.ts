import { channelsRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../../context.ts';
import { createRoom } from '../../rooms/create-room.ts';
import { shownRoom } from './shown-room.ts';

export function channelsCreateRoom(context: ChatContext): Route {
  return route({
    ...channelsRest.createRoom,
    async handle({ actor, body: { name, description, room_type: kind } }) {
      const room = orThrow(await createRoom(context, { actor, name, description, kind, unique: false }));
      return { status: 201, body: await shownRoom(context, room) };
    },
  });
}
