import type { TokenPair } from '@switchboard/dialects';
import { ok, type Result } from '@switchboard/protocol';
import { z } from 'zod';
import { readAccount } from '../accounts/change-account.ts';
import { directoryUser } from '../accounts/directory-user.ts';
import type { Client } from '../client.ts';
import type { AuthContext } from '../context.ts';
import { badRefreshToken, tokenOfBanned, tokenOfDeleted } from '../refusals.ts';
import type { SessionDoc } from '../store/sessions.ts';
import { stored } from '../store/stored.ts';
import type { UserDoc } from '../store/users.ts';
import { readSession } from './check-session.ts';
import { tokenPair } from './issue-tokens.ts';
import { isLive } from './live-session.ts';
import type { SignedIn } from './open-session.ts';
import {
  digest,
  parseRefreshToken,
  type RefreshToken,
  sameDigest,
  seal,
  successorOf,
  unseal,
} from './refresh-token.ts';
import { revokeSession } from './revoke-session.ts';

/** A client that lost the reply may ask again this long, and is given the same pair. */
export const RETRY_MS = 10_000;

const Answer = z.object({ accessToken: z.string(), refreshToken: z.string() });

/**
 * Exchanges a refresh token for the next pair.
 *
 * The race: of many requests with one token exactly one moves the session on (compare-and-set on the digest of the turn); the others
 * find their token replaced a moment ago and are given what the winner was given. After that moment a replaced token means
 * that two hold tokens of one family, and nobody can say which is the thief: the session ends for both.
 */
export async function refresh(
  context: AuthContext,
  presented: string,
  client: Client,
): Promise<Result<SignedIn>> {
  const token = parseRefreshToken(presented);
  if (!token) return badRefreshToken();
  // Twice: who loses the race below reads again and finds what the winner left.
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const session = await readSession(context, token.sessionId);
    // Without the family secret it is a guess, and a guess must not end anybody's session.
    if (!session || !sameDigest(token.family, session.familyDigest)) return badRefreshToken();
    const user = await readAccount(context, session.userId);
    if (!user || user.status === 'deleted') return tokenOfDeleted();
    if (user.status === 'banned') return tokenOfBanned();
    if (!isLive(session, user, context.clock.now())) return badRefreshToken();

    const tokens = sameDigest(token.turn, session.turnDigest)
      ? await rotate(context, user, token, client)
      : givenBefore(context, session, token);
    if (tokens) return ok({ account: directoryUser(user), tokens, sessionId: token.sessionId });
    if (!sameDigest(token.turn, session.turnDigest)) return reused(context, session, token, client);
  }
  return badRefreshToken();
}

async function rotate(
  context: AuthContext,
  user: UserDoc,
  token: RefreshToken,
  client: Client,
): Promise<TokenPair | undefined> {
  const now = context.clock.now();
  const successor = successorOf(token);
  const tokens = tokenPair(context, user, successor);
  const { modifiedCount } = await stored(() =>
    context.sessions.updateOne(
      { _id: token.sessionId, turnDigest: digest(token.turn), revokedAt: { $exists: false } },
      {
        $set: {
          turnDigest: digest(successor.turn),
          previousDigest: digest(token.turn),
          sealedAnswer: seal(token, JSON.stringify(tokens)),
          rotatedAt: new Date(now),
          lastUsedAt: new Date(now),
          expiresAt: new Date(now + context.config.REFRESH_TOKEN_TTL),
          ...client,
        },
      },
    ),
  );
  return modifiedCount === 1 ? tokens : undefined;
}

function givenBefore(context: AuthContext, session: SessionDoc, token: RefreshToken): TokenPair | undefined {
  const { sealedAnswer, rotatedAt } = session;
  if (!sealedAnswer || !rotatedAt || !sameDigest(token.turn, session.previousDigest)) return undefined;
  if (context.clock.now() - rotatedAt.getTime() > RETRY_MS) return undefined;
  return Answer.parse(JSON.parse(unseal(token, sealedAnswer)));
}

async function reused(
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
