import { type Identity, type Notice, ok, type Result, SessionId } from '@switchboard/protocol';
import type { Client } from '../client.ts';
import type { AuthContext } from '../context.ts';
import { revokedSession, tooManyLogins, userNotFound, wrongPassword } from '../refusals.ts';
import { tokenPair } from '../sessions/issue-tokens.ts';
import { sessionsOf } from '../sessions/list-sessions.ts';
import { isLive } from '../sessions/live-session.ts';
import type { SignedIn } from '../sessions/open-session.ts';
import { digest, newRefreshToken } from '../sessions/refresh-token.ts';
import { revokeSession } from '../sessions/revoke-session.ts';
import { stored } from '../store/stored.ts';
import type { UserDoc } from '../store/users.ts';
import { changeAccount, readAccount } from './change-account.ts';
import { directoryUser, userIdOf } from './directory-user.ts';
import { loginLimit } from './login-limit.ts';

export interface PasswordChange {
  readonly currentPassword: string;
  readonly newPassword: string;
}

/**
 * Changes the password and ends every other session. The session that asks lives on, with its access token, and is
 * given a new refresh token: one that was stolen before the change is worth nothing after it. A wrong current password counts as a failed log-in.
 */
export async function changePassword(
  context: AuthContext,
  actor: Identity,
  { currentPassword, newPassword }: PasswordChange,
  client: Client,
): Promise<Result<SignedIn>> {
  const id = Number(actor.id);
  const before = await readAccount(context, id);
  if (!before || before.status === 'deleted') return userNotFound();
  const proven = await prove(context, before, currentPassword, client);
  if (!proven.ok) return proven;

  const passwordHash = await context.passwords.hash(newPassword);
  const others = await otherSessions(context, before, actor.sessionId);
  const changed = await changeAccount(context, id, (user) => {
    // Somebody else changed it since it was checked: what was proven holds no more.
    if (user.passwordHash !== before.passwordHash) return wrongPassword();
    return ok({
      set: { passwordHash, epoch: user.epoch + 1, keptSession: actor.sessionId },
      events: () =>
        others.map((sessionId) => ({ type: 'auth.session.revoked', userId: actor.id, sessionId })),
      notices: others.map((sessionId) => revoked(user, sessionId)),
    });
  });
  if (!changed.ok) return changed;
  await endStragglers(context, changed.value, new Set([...others, actor.sessionId]));
  context.audit.record({
    action: 'password.changed',
    actorId: id,
    subjectId: id,
    sessionId: actor.sessionId,
    ...client,
  });
  return renew(context, changed.value, actor.sessionId);
}

async function prove(
  context: AuthContext,
  user: UserDoc,
  password: string,
  client: Client,
): Promise<Result<void>> {
  const limit = loginLimit(context, { userId: user._id }, client);
  const free = await limit.check();
  if (!free.ok) return free;
  const right = await context.passwords.verify(password, user.passwordHash);
  if (right) return limit.check();
  const counted = await limit.fail();
  if (!counted.ok) return tooManyLogins(counted.error.retryAfterMs ?? 0);
  context.audit.record({ action: 'password.refused', actorId: user._id, subjectId: user._id, ...client });
  return wrongPassword();
}

async function otherSessions(context: AuthContext, user: UserDoc, own: SessionId): Promise<SessionId[]> {
  const now = context.clock.now();
  return (await sessionsOf(context, user._id))
    .filter((session) => session._id !== own && isLive(session, user, now))
    .map((session) => SessionId.parse(session._id));
}

/** Sessions begun with the old password between the look at the sessions and the change: dead by their epoch, but told nobody. */
async function endStragglers(context: AuthContext, user: UserDoc, known: ReadonlySet<string>): Promise<void> {
  for (const session of await sessionsOf(context, user._id)) {
    if (known.has(session._id) || session.revokedAt || session.epoch >= user.epoch) continue;
    await revokeSession(context, user._id, SessionId.parse(session._id), 'password_changed');
  }
}

async function renew(context: AuthContext, user: UserDoc, sessionId: SessionId): Promise<Result<SignedIn>> {
  const refresh = newRefreshToken(sessionId);
  const now = context.clock.now();
  const { modifiedCount } = await stored(() =>
    context.sessions.updateOne(
      { _id: sessionId, userId: user._id, revokedAt: { $exists: false } },
      {
        $set: {
          familyDigest: digest(refresh.family),
          turnDigest: digest(refresh.turn),
          lastUsedAt: new Date(now),
          expiresAt: new Date(now + context.config.REFRESH_TOKEN_TTL),
        },
        $unset: { previousDigest: 1, sealedAnswer: 1, rotatedAt: 1 },
      },
    ),
  );
  if (modifiedCount === 0) return revokedSession();
  return ok({ account: directoryUser(user), tokens: tokenPair(context, user, refresh), sessionId });
}

function revoked(user: UserDoc, sessionId: SessionId): Notice {
  return { type: 'session.revoked', userId: userIdOf(user._id), sessionId, reason: 'password_changed' };
}
