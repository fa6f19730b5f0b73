import { channelsRest } from '@switchboard/dialects';
import { type Identity, orThrow, type RoomId, type RoomKind } from '@switchboard/protocol';
import { type Reply, type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../../context.ts';
import { updateRoom } from '../../rooms/update-room.ts';
import { roomIn } from './room-in.ts';
import { shownRoom } from './shown-room.ts';

interface Asked {
  readonly actor: Identity;
  readonly params: { readonly id: RoomId | null };
  readonly body: {
    readonly name?: string | undefined;
    readonly description?: string | undefined;
    readonly room_type?: RoomKind | undefined;
  };
}

const update =
  (context: ChatContext) =>
  async ({ actor, params, body: { name, description, room_type: kind } }: Asked): Promise<Reply> => {
    const roomId = roomIn(params);
    const room = orThrow(await updateRoom(context, { actor, roomId, name, description, kind }));
    return { status: 200, body: await shownRoom(context, room) };
  };

export function channelsUpdateRoom(context: ChatContext): Route {
  return route({ ...channelsRest.updateRoom, handle: update(context) });
}

/** It must name a name; what else it leaves out stays, as with serializers whose other fields are optional. */
export function channelsReplaceRoom(context: ChatContext): Route {
  return route({ ...channelsRest.replaceRoom, handle: update(context) });
}
