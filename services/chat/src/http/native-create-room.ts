import { nativeRest, nativeRoom } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';
import { createRoom } from '../rooms/create-room.ts';

export function nativeCreateRoom(context: ChatContext): Route {
  return route({
    ...nativeRest.createRoom,
    async handle({ actor, body }) {
      const room = orThrow(await createRoom(context, { actor, ...body, unique: false }));
      return { status: 201, body: nativeRoom(room) };
    },
  });
}
