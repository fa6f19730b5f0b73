import { type PublicUser, Room, UserId } from '@switchboard/protocol';
import type { UserDirectory } from '@switchboard/service-kit';
import type { RoomDoc } from '../store/room-model.ts';

type Stored = Omit<RoomDoc, 'outbox' | 'grams' | 'nameText' | 'version' | 'uniqueName'>;

/** A room as it is stored, its creator as they were called when they made it: what its events say. */
export function roomAsStored({ _id, name, description, kind, creator, createdAt, active }: Stored): Room {
  return Room.parse({
    id: String(_id),
    name,
    description,
    kind,
    creator,
    createdAt: createdAt.toISOString(),
    active,
  });
}

/** Rooms in the order given, their creators as they are called today; while the directory is away, as they were. */
export async function presentRooms(
  { directory }: { readonly directory: Pick<UserDirectory, 'many'> },
  docs: readonly RoomDoc[],
): Promise<Room[]> {
  const creators = await directory
    .many(new Set(docs.map((doc) => UserId.parse(doc.creator.id))))
    .catch(() => new Map<UserId, PublicUser>());
  return docs.map((doc) => {
    const room = roomAsStored(doc);
    const creator = creators.get(room.creator.id);
    if (!creator) return room;
    return { ...room, creator: { id: creator.id, username: creator.username, name: creator.name } };
  });
}

export async function presentRoom(
  context: { readonly directory: Pick<UserDirectory, 'many'> },
  doc: RoomDoc,
): Promise<Room> {
  const [room = roomAsStored(doc)] = await presentRooms(context, [doc]);
  return room;
}
