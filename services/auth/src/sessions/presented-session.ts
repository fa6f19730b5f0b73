import { ok, type Result } from '@switchboard/protocol';
import { readAccount } from '../accounts/change-account.ts';
import type { Client } from '../client.ts';
import type { AuthContext } from '../context.ts';
import { badRefreshToken, tokenOfBanned, tokenOfDeleted } from '../refusals.ts';
import type { SessionDoc } from '../store/sessions.ts';
import type { UserDoc } from '../store/users.ts';
import { readSession } from './check-session.ts';
import { isLive } from './live-session.ts';
import { type RefreshToken, sameDigest } from './refresh-token.ts';
import { revokeSession } from './revoke-session.ts';

/** A client that lost the reply to a rotation may use the replaced token this long. */
export const RETRY_MS = 10_000;

export interface PresentedSession {
  readonly session: SessionDoc;
  readonly user: UserDoc;
}

/** The live session whose family the token is of; which turn it is, is left to the caller. Refuses with bad_refresh_token, user_deleted or user_banned. */
export async function presentedSession(
  context: AuthContext,
  token: RefreshToken,
): Promise<Result<PresentedSession>> {
  const session = await readSession(context, token.sessionId);
  // Without the family secret it is a guess, and a guess must not end anybody's session.
  if (!session || !sameDigest(token.family, session.familyDigest)) return badRefreshToken();
  const user = await readAccount(context, session.userId);
  if (!user || user.status === 'deleted') return tokenOfDeleted();
  if (user.status === 'banned') return tokenOfBanned();
  return isLive(session, user, context.clock.now()) ? ok({ session, user }) : badRefreshToken();
}

/** The token was replaced a moment ago. */
export function isJustReplaced(context: AuthContext, session: SessionDoc, token: RefreshToken): boolean {
  const { rotatedAt } = session;
  if (!rotatedAt || !sameDigest(token.turn, session.previousDigest)) return false;
  return context.clock.now() - rotatedAt.getTime() <= RETRY_MS;
}

/** Ends a session of which a token was used that had been replaced: two hold tokens of one family, and nobody can say which is the thief. */
export async function endReused(
  context: AuthContext,
  session: SessionDoc,
  token: RefreshToken,
  client: Client,
): Promise<Result<never>> {
  await revokeSession(context, session.userId, token.sessionId, 'reuse');
  context.audit.record({
    action: 'session.reused',
    subjectId: session.userId,
    sessionId: token.sessionId,
    ...client,
  });
  return badRefreshToken();
}
