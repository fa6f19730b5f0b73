import type { Participant, PublicUser, Room } from '@switchboard/protocol';
import type { z } from 'zod';
import type { Account, Invitation, SessionView, TokenPair } from '../rest-fields/views.ts';
import type * as reply from './rest-schema.ts';

/** Presenters pick fields by name, so that what a service's record holds besides never leaves it. */
export function nativeAccount({
  id,
  username,
  name,
  email,
  role,
}: Account): z.infer<typeof reply.NativeAccount> {
  return { id, username, name, email, role };
}

export function nativeSignedIn(
  account: Account,
  { accessToken, refreshToken }: TokenPair,
): z.infer<typeof reply.NativeSignedIn> {
  return { user: nativeAccount(account), accessToken, refreshToken };
}

export function nativeMe(account: Account): z.infer<typeof reply.NativeMe> {
  return { user: nativeAccount(account) };
}

export function nativeVerified(account: Account): z.infer<typeof reply.NativeVerified> {
  return { valid: true, user: nativeAccount(account) };
}

function publicUser({ id, username, name }: PublicUser): PublicUser {
  return { id, username, name };
}

export function nativeUser(user: PublicUser): z.infer<typeof reply.NativeUser> {
  return { user: publicUser(user) };
}

export function nativeUsers(users: readonly PublicUser[]): z.infer<typeof reply.NativeUsers> {
  return { users: users.map(publicUser) };
}

function room({ id, name, description, kind, creator, createdAt, active }: Room): Room {
  return { id, name, description, kind, creator: publicUser(creator), createdAt, active };
}

export function nativeRoom(shown: Room): z.infer<typeof reply.NativeRoom> {
  return { room: room(shown) };
}

export function nativeRooms({
  rooms,
  total,
  more,
}: z.infer<typeof reply.NativeRooms>): z.infer<typeof reply.NativeRooms> {
  return { rooms: rooms.map(room), total, more };
}

export function nativeParticipants(
  participants: readonly Participant[],
): z.infer<typeof reply.NativeParticipants> {
  return {
    participants: participants.map(({ deviceId, socketId, ...user }) => ({
      ...publicUser(user),
      deviceId,
      socketId,
    })),
  };
}

export function nativeInvitation(invitation: Invitation): z.infer<typeof reply.NativeInvitation> {
  return { invitation: view(invitation) };
}

export function nativeInvitations(
  invitations: readonly Invitation[],
): z.infer<typeof reply.NativeInvitations> {
  return { invitations: invitations.map(view) };
}

function view({ id, code, usedBy, usedAt, createdAt, expiresAt }: Invitation) {
  return { id, code, usedBy, usedAt, createdAt, expiresAt };
}

export function nativeSessions(sessions: readonly SessionView[]): z.infer<typeof reply.NativeSessions> {
  return {
    sessions: sessions.map(({ id, createdAt, lastUsedAt, userAgent, ip, current }) => ({
      id,
      createdAt,
      lastUsedAt,
      userAgent,
      ip,
      current,
    })),
  };
}
