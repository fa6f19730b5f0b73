import type { RevocationReason } from '../sessions/revoke-session.ts';
import type { UserDoc } from '../store/users.ts';
import type { AccountChange } from './change-account.ts';
import { userIdOf } from './directory-user.ts';

/** The part of a change that ends every session of the account. */
export function endAllSessions(user: UserDoc, reason: RevocationReason) {
  const userId = userIdOf(user._id);
  return {
    set: { epoch: user.epoch + 1 },
    unset: ['keptSession'],
    events: () => [{ type: 'auth.session.revoked', userId }],
    notices: [{ type: 'session.revoked', userId, reason }],
  } as const satisfies AccountChange;
}
