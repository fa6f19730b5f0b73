import {
  type CommandOf,
  ok,
  type PublicUser,
  type Result,
  type RoomId,
  reject,
  type UserId,
} from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import type { Session } from '../edge/session.ts';
import { findPeer } from '../rooms/find-peer.ts';
import { notInRoom } from '../rooms/not-in-room.ts';

/** People one call may ring: each is claimed for it, one after the other. */
export const CALLEES_MAX = 100;

/** Who is to be rung: at least one, none of them the caller. */
export interface Callees {
  readonly callees: readonly [PublicUser, ...PublicUser[]];
  /** They are those who take part in this room. */
  readonly roomId?: RoomId;
}

/** Whom a `call.place` means: a user, the user of a socket in a room with the caller, or the others in a room. */
export function findCallees(
  context: SignalingContext,
  session: Session,
  { to, kind }: CommandOf<'call.place'>,
): Promise<Result<Callees>> {
  switch (to.kind) {
    case 'user':
      return oneUser(context, session, to.userId, kind);
    case 'socket':
      return behindSocket(context, session, to.socketId, kind);
    case 'room':
      return othersIn(context, session, to.roomId);
  }
}

async function oneUser(
  { directory }: SignalingContext,
  session: Session,
  userId: UserId,
  kind: CommandOf<'call.place'>['kind'],
): Promise<Result<Callees>> {
  if (userId === session.identity.id) return reject('INVALID_DATA', 'You cannot call yourself');
  const user = await directory.get(userId);
  if (!user || user.status === 'deleted') {
    session.deliver({ type: 'call.failed', to: userId, kind, reason: 'user_not_found' });
    return reject('USER_NOT_FOUND', 'User not found');
  }
  const { id, username, name } = user;
  return ok({ callees: [{ id, username, name }] });
}

async function behindSocket(
  context: SignalingContext,
  session: Session,
  socketId: string,
  kind: CommandOf<'call.place'>['kind'],
): Promise<Result<Callees>> {
  if (socketId === session.socketId) return reject('INVALID_DATA', 'You cannot call yourself');
  const found = await findPeer(context.rooms, session, { kind: 'socket', socketId });
  const user = found?.sockets[0]?.participant;
  return user ? oneUser(context, session, user.id, kind) : reject('USER_NOT_FOUND', 'User not found');
}

async function othersIn(
  context: SignalingContext,
  session: Session,
  roomId: RoomId,
): Promise<Result<Callees>> {
  if (!(await context.rooms.has(session, roomId))) return notInRoom(context, roomId);
  const participants = await context.rooms.participants(roomId);
  const [first, ...others] = participants
    .filter(({ id }) => id !== session.identity.id)
    .map(({ id, username, name }) => ({ id, username, name }));
  if (!first) return reject('USER_UNAVAILABLE', 'Nobody else is in the room');
  if (others.length >= CALLEES_MAX) {
    return reject('INVALID_DATA', `More than ${CALLEES_MAX} people to ring`);
  }
  return ok({ callees: [first, ...others], roomId });
}
