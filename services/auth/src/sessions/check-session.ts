import { type Identity, ok, type Result, type SessionId, type UserId } from '@switchboard/protocol';
import { readAccount } from '../accounts/change-account.ts';
import { directoryUser } from '../accounts/directory-user.ts';
import type { AuthContext } from '../context.ts';
import { revokedSession, tokenOfBanned, tokenOfDeleted } from '../refusals.ts';
import type { SessionDoc } from '../store/sessions.ts';
import { stored } from '../store/stored.ts';
import { isLive } from './live-session.ts';

/** Whether this session of this user is good now, and whose it is. Refuses with user_deleted, user_banned or revoked_session. */
export async function checkSession(
  context: AuthContext,
  userId: UserId,
  sessionId: SessionId,
): Promise<Result<Identity>> {
  const [user, session] = await Promise.all([
    readAccount(context, Number(userId)),
    readSession(context, sessionId),
  ]);
  if (!user || user.status === 'deleted') return tokenOfDeleted();
  if (user.status === 'banned') return tokenOfBanned();
  if (!session || !isLive(session, user, context.clock.now())) return revokedSession();
  const { id, username, name, email, role } = directoryUser(user);
  return ok({ id, username, name, email, role, sessionId });
}

export async function readSession(context: AuthContext, id: SessionId): Promise<SessionDoc | null> {
  return stored(() => context.sessions.findById(id).lean<SessionDoc>());
}
