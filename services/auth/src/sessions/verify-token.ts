import type { Identity, Result } from '@switchboard/protocol';
import { verifyAccessToken } from '@switchboard/service-kit';
import type { AuthContext } from '../context.ts';
import { checkSession } from './check-session.ts';

/** Whose access token this is. Asks the store each time, so the answer is never older than the question. */
export async function verifyToken(
  context: AuthContext,
  token: string | undefined,
): Promise<Result<Identity>> {
  const claims = verifyAccessToken(context.signingKey, token, context.clock.now());
  return claims.ok ? checkSession(context, claims.value.sub, claims.value.sid) : claims;
}
