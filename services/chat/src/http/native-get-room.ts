import { nativeRest, nativeRoom } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';
import { getRoom } from '../rooms/get-room.ts';

export function nativeGetRoom(context: ChatContext): Route {
  return route({
    ...nativeRest.getRoom,
    async handle({ params }) {
      return { status: 200, body: nativeRoom(orThrow(await getRoom(context, { roomId: params.id }))) };
    },
  });
}
