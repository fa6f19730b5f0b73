import { ok, type Result, type SessionId } from '@switchboard/protocol';
import { verifyAccessToken } from '@switchboard/service-kit';
import type { Client } from '../client.ts';
import type { AuthContext } from '../context.ts';
import { badRefreshToken } from '../refusals.ts';
import { readSession } from './check-session.ts';
import { parseRefreshToken, sameDigest } from './refresh-token.ts';
import { revokeSession } from './revoke-session.ts';

export interface LogoutTokens {
  readonly accessToken?: string | undefined;
  readonly refreshToken?: string | undefined;
}

interface Named {
  readonly userId: number;
  readonly sessionId: SessionId;
}

/**
 * Ends the session that either token names: the access token first, the refresh token when that one has lapsed. Again is no
 * error, so a client may repeat a log-out whose reply it lost.
 */
export async function logOut(
  context: AuthContext,
  tokens: LogoutTokens,
  client: Client,
): Promise<Result<void>> {
  const named = await sessionOf(context, tokens);
  if (!named.ok) return named;
  const { userId, sessionId } = named.value;
  if (await revokeSession(context, userId, sessionId, 'logout')) {
    context.audit.record({
      action: 'session.logged_out',
      actorId: userId,
      subjectId: userId,
      sessionId,
      ...client,
    });
  }
  return ok(undefined);
}

async function sessionOf(
  context: AuthContext,
  { accessToken, refreshToken }: LogoutTokens,
): Promise<Result<Named>> {
  const claims = verifyAccessToken(context.signingKey, accessToken, context.clock.now());
  if (claims.ok) return ok({ userId: Number(claims.value.sub), sessionId: claims.value.sid });
  if (refreshToken === undefined) return claims;
  const token = parseRefreshToken(refreshToken);
  const session = token && (await readSession(context, token.sessionId));
  if (!session || !sameDigest(token.family, session.familyDigest)) return badRefreshToken();
  return ok({ userId: session.userId, sessionId: token.sessionId });
}
