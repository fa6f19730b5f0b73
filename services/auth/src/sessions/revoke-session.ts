import type { Notice, SessionId } from '@switchboard/protocol';
import { newEvent } from '@switchboard/service-kit';
import { userIdOf } from '../accounts/directory-user.ts';
import type { AuthContext } from '../context.ts';
import { stored } from '../store/stored.ts';

export type RevocationReason = Extract<Notice, { type: 'session.revoked' }>['reason'];

/** Ends one session. False when it is not this user's, is unknown or over already. */
export async function revokeSession(
  context: AuthContext,
  user: number,
  sessionId: SessionId,
  reason: RevocationReason,
): Promise<boolean> {
  const userId = userIdOf(user);
  const event = newEvent({ type: 'auth.session.revoked', userId, sessionId }, context.clock);
  const { modifiedCount } = await stored(() =>
    context.sessions.updateOne(
      { _id: sessionId, userId: user, revokedAt: { $exists: false } },
      {
        $set: { revokedAt: new Date(context.clock.now()) },
        $unset: { previousDigest: 1, sealedAnswer: 1 },
        $push: { outbox: event },
      },
    ),
  );
  if (modifiedCount === 0) return false;
  context.announcer.ofSession(sessionId, {
    events: [event],
    notices: [{ type: 'session.revoked', userId, sessionId, reason }],
  });
  return true;
}
