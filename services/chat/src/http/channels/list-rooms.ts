import { channelsRest, channelsRoom, listAsk } from '@switchboard/dialects';
import { orThrow, type Room, RoomId } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../../context.ts';
import { emailsOf } from '../../rooms/emails-of.ts';
import { allRooms, listRooms } from '../../rooms/list-rooms.ts';
import { pageOf, type Range } from './page.ts';

export function channelsListRooms(context: ChatContext): Route {
  const shown = async (rooms: readonly Room[]) => {
    const emailOf = await emailsOf(
      context,
      rooms.map(({ creator }) => creator.id),
    );
    return rooms.map((room) => channelsRoom(room, emailOf(room.creator.id)));
  };

  return route({
    ...channelsRest.listRooms,
    async handle({ query, origin, url }) {
      const ask = listAsk(query);
      if (!ask.paged && !context.config.CHANNELS_PAGINATION) {
        return { status: 200, body: await shown(orThrow(await allRooms(context))) };
      }
      const filter = { kind: query.room_type, search: ask.search };
      const read = async ({ since, until, order, limit, after, before }: Range) => {
        const page = { limit, after: roomId(after), before: roomId(before), newest: order === 'newest' };
        const { rooms, total, more } = orThrow(await listRooms(context, { ...filter, since, until, page }));
        const end = order === 'newest' ? rooms[0] : rooms.at(-1);
        return { items: await shown(rooms), total, next: more && end ? Number(end.id) : undefined };
      };
      return { status: 200, body: await pageOf({ ask, origin, url, read, idOf: ({ id }) => id }) };
    },
  });
}

/** No room has the id 0, which is as good as no bound. */
function roomId(id: number | undefined): RoomId | undefined {
  return id === undefined ? undefined : RoomId.safeParse(String(id)).data;
}
