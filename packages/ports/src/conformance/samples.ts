import { randomUUID } from 'node:crypto';
import {
  CallId,
  DeviceId,
  EventId,
  type EventOf,
  type Identity,
  NodeId,
  RoomId,
  SessionId,
  UserId,
} from '@switchboard/protocol';
import type { PresentDevice } from '../presence.ts';
import type { RoomMember } from '../room-presence.ts';

export const user = (id: number): UserId => UserId.parse(String(id));
export const room = (id: number): RoomId => RoomId.parse(String(id));
export const callId = (): CallId => CallId.parse(randomUUID());
export const sessionId = (): SessionId => SessionId.parse(randomUUID());

export function identity(id: number): Identity {
  const name = `user${id}`;
  return { id: user(id), username: name, name, email: null, role: 'user', sessionId: sessionId() };
}

/** Events of one user share an ordering key; the session tells them apart. */
export function revoked(id: number): EventOf<'auth.session.revoked'> & { sessionId: SessionId } {
  return {
    v: 1,
    id: EventId.parse(randomUUID()),
    at: new Date().toISOString(),
    type: 'auth.session.revoked',
    userId: user(id),
    sessionId: sessionId(),
  };
}

export function userDeleted(id: number): EventOf<'auth.user.deleted'> {
  const { sessionId: _, ...known } = identity(id);
  return {
    v: 1,
    id: EventId.parse(randomUUID()),
    at: new Date().toISOString(),
    type: 'auth.user.deleted',
    user: { ...known, status: 'deleted', createdAt: new Date().toISOString() },
  };
}

export function device(userId: number, node = 'node-a'): PresentDevice {
  return {
    deviceId: DeviceId.parse(randomUUID()),
    userId: user(userId),
    sessionId: sessionId(),
    nodeId: NodeId.parse(node),
    dialect: 'native',
  };
}

export function member(roomId: number, userId: number, node = 'node-a'): RoomMember {
  const name = `user${userId}`;
  const participant = {
    id: user(userId),
    username: name,
    name,
    deviceId: DeviceId.parse(randomUUID()),
    socketId: randomUUID(),
  };
  return { roomId: room(roomId), nodeId: NodeId.parse(node), dialect: 'native', participant };
}
