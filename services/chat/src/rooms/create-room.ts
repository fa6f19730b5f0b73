import { assertRoomDescription, assertRoomName } from '@switchboard/domain';
import {
  ok,
  type PublicUser,
  type Result,
  type Room,
  type RoomKind,
  reject,
  type UserId,
} from '@switchboard/protocol';
import { newEvent } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';
import { presentRoom, roomAsStored } from './present-rooms.ts';
import { nameTaken } from './refusals.ts';

export interface CreateRoom {
  readonly actor: PublicUser;
  readonly name: string;
  readonly description?: string | undefined;
  readonly kind: RoomKind;
  /** No other room made with `unique` may have this name while it is active. */
  readonly unique: boolean;
}

/** Refuses with INVALID_DATA, RATE_LIMITED, or CONFLICT (detail name_taken). */
export async function createRoom(
  context: ChatContext,
  { actor, name: asked, description: about = '', kind, unique }: CreateRoom,
): Promise<Result<Room>> {
  const name = assertRoomName(asked);
  if (!name.ok) return name;
  const description = assertRoomDescription(about);
  if (!description.ok) return description;
  const allowed = await withinLimit(context, actor.id);
  if (!allowed.ok) return allowed;

  const { rooms, roomEvents, clock } = context;
  const room = {
    _id: await rooms.nextId(),
    name: name.value,
    description: description.value,
    kind,
    creator: { id: actor.id, username: actor.username, name: actor.name },
    createdAt: new Date(clock.now()),
  };
  const event = newEvent({ type: 'chat.room.created', room: roomAsStored({ ...room, active: true }) }, clock);
  if ((await rooms.create(room, unique, event)) === 'name_taken') return nameTaken();
  void roomEvents.flush(room._id, [event]);
  return ok(await presentRoom(context, { ...room, active: true, version: 1, outbox: [] }));
}

async function withinLimit(
  { config, rates, logger }: ChatContext,
  userId: UserId,
): Promise<Result<undefined>> {
  const rule = config.RATE_LIMIT_ROOMS;
  if (rule === 'off') return ok(undefined);
  try {
    const { allowed, retryAfterMs } = await rates.take(`rooms:${userId}`, rule);
    return allowed
      ? ok(undefined)
      : reject('RATE_LIMITED', 'Too many rooms', { retryable: true, retryAfterMs });
  } catch (err) {
    logger.warn({ userId, err }, 'room limit not checked');
    return ok(undefined);
  }
}
