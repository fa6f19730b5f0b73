import {
  ok,
  orThrow,
  type Participant,
  type Result,
  type RoomId,
  reject,
  type UserId,
} from '@switchboard/protocol';
import type { ChatContext } from '../context.ts';
import { roomNotFound } from './refusals.ts';

/** The bound of one 'signaling.room.participants'. */
const BATCH = 200;
/** Below what clients wait for the list that this is a part of. */
const TIMEOUT_MS = 2_000;

type Asker = Pick<ChatContext, 'bus'>;

/** Who is in these rooms now, by room; rooms with nobody in them are left out. Empty while the signaling service is away: a list of rooms does not depend on it. */
export async function participantsOf(
  context: Asker,
  { roomIds }: { readonly roomIds: Iterable<RoomId> },
): Promise<Map<RoomId, Participant[]>> {
  const unique = [...new Set(roomIds)];
  const batches: RoomId[][] = [];
  for (let at = 0; at < unique.length; at += BATCH) batches.push(unique.slice(at, at + BATCH));
  const found = await Promise.all(batches.map((batch) => ask(context, batch).catch(() => ({}))));
  const everybody: Record<string, Participant[]> = Object.assign({}, ...found);
  return new Map(unique.flatMap((id) => (everybody[id] ? [[id, everybody[id]] as const] : [])));
}

/** Who is in an active room now. Refuses with ROOM_NOT_FOUND. @throws SERVICE_UNAVAILABLE while nobody can tell. */
export async function listParticipants(
  context: Pick<ChatContext, 'bus' | 'rooms'>,
  { roomId }: { readonly roomId: RoomId },
): Promise<Result<Participant[]>> {
  if (!(await context.rooms.isActive(Number(roomId)))) return roomNotFound();
  const { [roomId]: participants = [] } = await ask(context, [roomId]);
  return ok(participants);
}

/** Whether this user may write in the room now: for requests that come over no socket. Refuses with ROOM_NOT_FOUND or PERMISSION_DENIED. @throws SERVICE_UNAVAILABLE while nobody can tell. */
export async function assertParticipant(
  context: Pick<ChatContext, 'bus' | 'rooms'>,
  { actor, roomId }: { readonly actor: { readonly id: UserId }; readonly roomId: RoomId },
): Promise<Result<undefined>> {
  const participants = await listParticipants(context, { roomId });
  if (!participants.ok) return participants;
  return participants.value.some(({ id }) => id === actor.id)
    ? ok(undefined)
    : reject('PERMISSION_DENIED', 'Join the room to write in it');
}

async function ask({ bus }: Asker, roomIds: RoomId[]): Promise<Record<string, Participant[]>> {
  return orThrow(await bus.request('signaling.room.participants', { roomIds }, { timeoutMs: TIMEOUT_MS }))
    .rooms;
}
