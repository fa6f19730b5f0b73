import { nativeRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';
import { deleteRoom } from '../rooms/delete-room.ts';

export function nativeDeleteRoom(context: ChatContext): Route {
  return route({
    ...nativeRest.deleteRoom,
    async handle({ actor, params }) {
      orThrow(await deleteRoom(context, { actor, roomId: params.id }));
      return { status: 204 };
    },
  });
}
