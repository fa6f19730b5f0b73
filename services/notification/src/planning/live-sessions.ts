import type { Bus } from '@switchboard/ports';
import { orThrow, type SessionId, type UserId } from '@switchboard/protocol';

/** The bound of one 'signaling.live'. */
const BATCH = 200;

/** The sessions with a live socket of each of these users. @throws SwitchboardError SERVICE_UNAVAILABLE, retryable. */
export async function liveSessions(
  bus: Bus,
  userIds: readonly UserId[],
  timeoutMs: number,
): Promise<ReadonlyMap<UserId, ReadonlySet<SessionId>>> {
  const live = new Map<UserId, ReadonlySet<SessionId>>();
  for (let from = 0; from < userIds.length; from += BATCH) {
    const asked = { userIds: userIds.slice(from, from + BATCH) };
    const { users } = orThrow(await bus.request('signaling.live', asked, { timeoutMs }));
    for (const { userId, sessions } of users) live.set(userId, new Set(sessions));
  }
  return live;
}
