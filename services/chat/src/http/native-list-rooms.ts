import { nativeRest, nativeRooms } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';
import { listRooms } from '../rooms/list-rooms.ts';

export function nativeListRooms(context: ChatContext): Route {
  return route({
    ...nativeRest.listRooms,
    async handle({ query: { kind, search, after, limit } }) {
      const list = orThrow(await listRooms(context, { kind, search, page: { limit, after } }));
      return { status: 200, body: nativeRooms(list) };
    },
  });
}
