import { channelsRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../../context.ts';
import { getRoom } from '../../rooms/get-room.ts';
import { roomIn } from './room-in.ts';
import { shownRoom } from './shown-room.ts';

export function channelsGetRoom(context: ChatContext): Route {
  return route({
    ...channelsRest.getRoom,
    async handle({ params }) {
      const room = orThrow(await getRoom(context, { roomId: roomIn(params) }));
      return { status: 200, body: await shownRoom(context, room) };
    },
  });
}
