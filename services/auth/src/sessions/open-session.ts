import { randomUUID } from 'node:crypto';
import type { ManagedAccount, TokenPair } from '@switchboard/dialects';
import { SessionId } from '@switchboard/protocol';
import { directoryUser } from '../accounts/directory-user.ts';
import type { Client } from '../client.ts';
import type { AuthContext } from '../context.ts';
import { stored } from '../store/stored.ts';
import type { UserDoc } from '../store/users.ts';
import { tokenPair } from './issue-tokens.ts';
import { digest, newRefreshToken } from './refresh-token.ts';
import { revokeSession } from './revoke-session.ts';

export interface SignedIn {
  readonly account: ManagedAccount;
  readonly tokens: TokenPair;
  readonly sessionId: SessionId;
}

/** More sessions of one user than this, and the one unused for longest ends. */
const MAX_SESSIONS = 100;
const ENDED_AT_ONCE = 20;

/** Starts a session of `user`, as read when the password was checked: an epoch that has moved since makes it void. */
export async function openSession(context: AuthContext, user: UserDoc, client: Client): Promise<SignedIn> {
  const now = context.clock.now();
  const sessionId = SessionId.parse(randomUUID());
  const refresh = newRefreshToken(sessionId);
  await stored(() =>
    context.sessions.create({
      _id: sessionId,
      userId: user._id,
      epoch: user.epoch,
      familyDigest: digest(refresh.family),
      turnDigest: digest(refresh.turn),
      createdAt: new Date(now),
      lastUsedAt: new Date(now),
      expiresAt: new Date(now + context.config.REFRESH_TOKEN_TTL),
      ...client,
      outbox: [],
    }),
  );
  await stored(() => endSurplus(context, user));
  return { account: directoryUser(user), tokens: tokenPair(context, user, refresh), sessionId };
}

async function endSurplus(context: AuthContext, user: UserDoc): Promise<void> {
  const surplus = await context.sessions
    .find({ userId: user._id }, { _id: 1 })
    .sort({ lastUsedAt: -1 })
    .skip(MAX_SESSIONS)
    .limit(ENDED_AT_ONCE)
    .lean<{ _id: string }[]>();
  for (const { _id } of surplus) {
    await revokeSession(context, user._id, SessionId.parse(_id), 'logout');
    await context.sessions.deleteOne({ _id, 'outbox.0': { $exists: false } });
  }
}
