import { assertRoomDescription, assertRoomName } from '@switchboard/domain';
import {
  ok,
  type Result,
  type Room,
  type RoomId,
  type RoomKind,
  type UserId,
  unavailable,
} from '@switchboard/protocol';
import { newEvent } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';
import type { RoomDoc } from '../store/room-model.ts';
import type { RoomChange } from '../store/room-store.ts';
import { presentRoom, roomAsStored } from './present-rooms.ts';
import { nameTaken, notCreator, roomNotFound } from './refusals.ts';

export interface UpdateRoom {
  readonly actor: { readonly id: UserId };
  readonly roomId: RoomId;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly kind?: RoomKind | undefined;
}

/** Against other requests on the same room. */
const MAX_LOST_RACES = 10;

/**
 * What is absent stays; what is the same already makes no event. Refuses with ROOM_NOT_FOUND, PERMISSION_DENIED (detail not_creator), INVALID_DATA
 * or CONFLICT (detail name_taken).
 */
export async function updateRoom(context: ChatContext, ask: UpdateRoom): Promise<Result<Room>> {
  const { rooms, roomEvents, clock } = context;
  for (let race = 0; race < MAX_LOST_RACES; race++) {
    const doc = await rooms.active(Number(ask.roomId));
    if (!doc) return roomNotFound();
    if (doc.creator.id !== ask.actor.id) return notCreator('update');
    const change = changeOf(doc, ask);
    if (!change.ok) return change;
    if (Object.keys(change.value).length === 0) return ok(await presentRoom(context, doc));

    const changed = { ...doc, ...change.value };
    const event = newEvent({ type: 'chat.room.updated', room: roomAsStored(changed) }, clock);
    const outcome = await rooms.change(doc, change.value, event);
    if (outcome === 'name_taken') return nameTaken();
    if (outcome === 'lost') continue;
    void roomEvents.flush(doc._id, [event]);
    return ok(await presentRoom(context, changed));
  }
  throw unavailable('The room');
}

function changeOf(doc: RoomDoc, ask: UpdateRoom): Result<RoomChange> {
  const name = ask.name === undefined ? ok(doc.name) : assertRoomName(ask.name);
  if (!name.ok) return name;
  const description =
    ask.description === undefined ? ok(doc.description) : assertRoomDescription(ask.description);
  if (!description.ok) return description;
  return ok({
    ...(name.value === doc.name ? {} : { name: name.value }),
    ...(description.value === doc.description ? {} : { description: description.value }),
    ...(ask.kind === undefined || ask.kind === doc.kind ? {} : { kind: ask.kind }),
  });
}
