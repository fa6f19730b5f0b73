import { channelsPaths, channelsRedirects, slashedUrl } from '@switchboard/dialects';
import { type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../../context.ts';
import { channelsCreateRoom } from './create-room.ts';
import { channelsDeleteRoom } from './delete-room.ts';
import { channelsGetRoom } from './get-room.ts';
import { channelsListMessages } from './list-messages.ts';
import { channelsListRooms } from './list-rooms.ts';
import { channelsReplaceRoom, channelsUpdateRoom } from './update-room.ts';

const ROUTES = [
  channelsListRooms,
  channelsCreateRoom,
  channelsGetRoom,
  channelsUpdateRoom,
  channelsReplaceRoom,
  channelsDeleteRoom,
  channelsListMessages,
] as const;

/** Rooms in the words of channels, at every path they have there. */
export function channelsRoutes(context: ChatContext): Route[] {
  const routes = ROUTES.map((make) => make(context));
  const redirects = channelsRedirects.filter(({ path }) => path.startsWith('/api/rooms/'));
  return [
    ...routes.flatMap((made) => channelsPaths(made).map((path) => ({ ...made, path }))),
    ...redirects.map((redirect) =>
      route({
        ...redirect,
        handle: async ({ url }) => ({ status: 301, headers: { Location: slashedUrl(url) } }),
      }),
    ),
  ];
}
