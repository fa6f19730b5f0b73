import { channelsRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../../context.ts';
import { deleteRoom } from '../../rooms/delete-room.ts';
import { roomIn } from './room-in.ts';

export function channelsDeleteRoom(context: ChatContext): Route {
  return route({
    ...channelsRest.deleteRoom,
    async handle({ actor, params }) {
      orThrow(await deleteRoom(context, { actor, roomId: roomIn(params) }));
      return { status: 204 };
    },
  });
}
