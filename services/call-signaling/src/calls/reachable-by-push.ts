import { orThrow, type UserId } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import { type Ring, ringable } from './ringable.ts';

/** The caller waits for the answer; one that comes later is worth less than a plain "unavailable". */
const TIMEOUT_MS = 1_000;

/** Those of the users who would be woken by a push that can be rung. Nobody, while notification cannot say. */
export async function reachableByPush(
  { bus, logger }: Pick<SignalingContext, 'bus' | 'logger'>,
  userIds: readonly UserId[],
  ring: Ring,
): Promise<ReadonlySet<UserId>> {
  if (userIds.length === 0) return new Set();
  try {
    const asked = { userIds: [...userIds] };
    const { users } = orThrow(await bus.request('notification.reachable', asked, { timeoutMs: TIMEOUT_MS }));
    const woken = users.filter(({ dialects }) => dialects.some((dialect) => ringable(dialect, ring)));
    return new Set(woken.map(({ userId }) => userId));
  } catch (err) {
    logger.warn({ err }, 'nobody is rung by push: notification does not answer');
    return new Set();
  }
}
