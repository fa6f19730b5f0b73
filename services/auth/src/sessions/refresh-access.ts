import { ok, type Result } from '@switchboard/protocol';
import type { Client } from '../client.ts';
import type { AuthContext } from '../context.ts';
import { badRefreshToken } from '../refusals.ts';
import { stored } from '../store/stored.ts';
import { accessToken } from './issue-tokens.ts';
import { endReused, isJustReplaced, presentedSession } from './presented-session.ts';
import { digest, parseRefreshToken, sameDigest } from './refresh-token.ts';

/**
 * A new access token for a refresh token that stays as it is, for clients whose document knows no new one. It lasts as long as the session, which ends a
 * REFRESH_TOKEN_TTL after the log-in: without rotation nothing tells a thief's use from the owner's, so use prolongs nothing.
 */
export async function refreshAccess(
  context: AuthContext,
  presented: string,
  client: Client,
): Promise<Result<string>> {
  const token = parseRefreshToken(presented);
  if (!token) return badRefreshToken();
  const found = await presentedSession(context, token);
  if (!found.ok) return found;
  const { session, user } = found.value;
  if (!sameDigest(token.turn, session.turnDigest)) {
    if (!isJustReplaced(context, session, token)) return endReused(context, session, token, client);
    return ok(accessToken(context, user, token.sessionId));
  }
  const { matchedCount } = await stored(() =>
    context.sessions.updateOne(
      { _id: token.sessionId, turnDigest: digest(token.turn), revokedAt: { $exists: false } },
      { $set: { lastUsedAt: new Date(context.clock.now()), ...client } },
    ),
  );
  return matchedCount === 1 ? ok(accessToken(context, user, token.sessionId)) : badRefreshToken();
}
