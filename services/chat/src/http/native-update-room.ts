import { nativeRest, nativeRoom } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';
import { updateRoom } from '../rooms/update-room.ts';

export function nativeUpdateRoom(context: ChatContext): Route {
  return route({
    ...nativeRest.updateRoom,
    async handle({ actor, params, body }) {
      const room = orThrow(await updateRoom(context, { actor, roomId: params.id, ...body }));
      return { status: 200, body: nativeRoom(room) };
    },
  });
}
