import type { PublicUser, Rejection } from '@switchboard/protocol';
import type { z } from 'zod';
import type { RestReply } from '../rest.ts';
import { retryHeaders, statusOf } from '../rest-error.ts';
import type { Account, Invitation, ManagedAccount, TokenPair } from '../rest-fields/views.ts';
import type * as reply from './rest-schema.ts';

const TOKEN_MESSAGES = {
  login: 'Login successful',
  register: 'User registered successfully',
  refresh: 'Token refreshed successfully',
} as const;

export function peerTokens(
  of: keyof typeof TOKEN_MESSAGES,
  account: Account,
  { accessToken, refreshToken }: TokenPair,
): z.infer<typeof reply.PeerTokens> {
  return { message: TOKEN_MESSAGES[of], accessToken, refreshToken, user: peerUser(account) };
}

export function peerUser({ id, username, name, email, role }: Account): z.infer<typeof reply.PeerUser> {
  return { id, _id: id, userId: id, username, name, email, role };
}

export function peerLoggedOut(): z.infer<typeof reply.PeerMessage> {
  return { message: 'Logout successful' };
}

export function peerVerified({ id, username }: PublicUser): z.infer<typeof reply.PeerVerified> {
  return { valid: true, user: { userId: id, id, username } };
}

/** A token that is not good is an answer here; a fault behind the question keeps its own status. */
export function peerNotVerified(rejection: Rejection): RestReply {
  return {
    status: statusOf(rejection),
    body: {
      valid: false,
      message: rejection.message,
      error: rejection.message,
    } satisfies z.infer<typeof reply.PeerNotVerified>,
    ...retryHeaders(rejection),
  };
}

export function peerFoundUsers(users: readonly PublicUser[]): z.infer<typeof reply.PeerFoundUsers> {
  return users.map(({ id, username }) => ({ _id: id, id, username }));
}

export function peerInvitationMade({
  code,
  expiresAt,
}: Invitation): z.infer<typeof reply.PeerInvitationMade> {
  return { success: true, message: 'Invitation code generated successfully', code, expiresAt };
}

export function peerInvitations(invitations: readonly Invitation[]): z.infer<typeof reply.PeerInvitations> {
  return invitations.map(({ id, code, usedBy, usedAt, createdAt, expiresAt }) => ({
    _id: id,
    code,
    isUsed: usedAt !== null,
    usedBy,
    usedAt,
    createdAt,
    expiresAt,
  }));
}

export function peerManagedUser(account: ManagedAccount): z.infer<typeof reply.PeerManagedUser> {
  return { ...peerUser(account), status: account.status, createdAt: account.createdAt };
}

const MANAGED_MESSAGES = {
  ban: 'User banned successfully',
  unban: 'User unbanned successfully',
  role: 'User role updated successfully',
} as const;

export function peerManaged(
  done: keyof typeof MANAGED_MESSAGES,
  account: ManagedAccount,
): z.infer<typeof reply.PeerManaged> {
  return { message: MANAGED_MESSAGES[done], user: peerManagedUser(account) };
}

export function peerUserDeleted(): z.infer<typeof reply.PeerMessage> {
  return { message: 'User deleted successfully' };
}
