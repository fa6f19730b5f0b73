import type { TokenPair } from '@switchboard/dialects';
import { ok, type Result } from '@switchboard/protocol';
import { z } from 'zod';
import { directoryUser } from '../accounts/directory-user.ts';
import type { Client } from '../client.ts';
import type { AuthContext } from '../context.ts';
import { badRefreshToken } from '../refusals.ts';
import type { SessionDoc } from '../store/sessions.ts';
import { stored } from '../store/stored.ts';
import type { UserDoc } from '../store/users.ts';
import { tokenPair } from './issue-tokens.ts';
import type { SignedIn } from './open-session.ts';
import { endReused, isJustReplaced, presentedSession } from './presented-session.ts';
import {
  digest,
  parseRefreshToken,
  type RefreshToken,
  sameDigest,
  seal,
  successorOf,
  unseal,
} from './refresh-token.ts';

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
    const found = await presentedSession(context, token);
    if (!found.ok) return found;
    const { session, user } = found.value;

    const tokens = sameDigest(token.turn, session.turnDigest)
      ? await rotate(context, user, token, client)
      : givenBefore(context, session, token);
    if (tokens) return ok({ account: directoryUser(user), tokens, sessionId: token.sessionId });
    if (!sameDigest(token.turn, session.turnDigest)) return endReused(context, session, token, client);
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
  const { sealedAnswer } = session;
  if (!sealedAnswer || !isJustReplaced(context, session, token)) return undefined;
  return Answer.parse(JSON.parse(unseal(token, sealedAnswer)));
}
