import type { SessionDoc } from '../store/sessions.ts';
import type { UserDoc } from '../store/users.ts';

/**
 * Whether a session still speaks for its user. Ending all sessions of a user is one write of the user's epoch, so no crash can leave
 * half of them alive; the status is asked for apart, because a ban is worded apart.
 */
export function isLive(session: SessionDoc, user: UserDoc, now: number): boolean {
  return (
    session.userId === user._id &&
    session.revokedAt === undefined &&
    session.expiresAt.getTime() > now &&
    (session.epoch === user.epoch || session._id === user.keptSession)
  );
}
