import { orThrow, type UserId } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import { type Ring, ringable } from './ringable.ts';

/** The caller waits for the answer; one that comes later is worth less than a plain "unavailable". */
const TIMEOUT_MS = 1_000;

/** Those of the users who have a device that can be rung: a live socket, or else a push target that wakes up in a vocabulary that can be. */
export async function reachable(
  context: SignalingContext,
  userIds: readonly UserId[],
  ring: Ring,
): Promise<UserId[]> {
  const { presence, clock } = context;
  const connected = await Promise.all(
    userIds.map(async (userId) => {
      const devices = await presence.devicesOf(userId, clock.now());
      return devices.some((device) => ringable(device.dialect, ring));
    }),
  );
  const away = userIds.filter((_, index) => !connected[index]);
  const woken = await reachableByPush(context, away, ring);
  return userIds.filter((userId, index) => connected[index] || woken.has(userId));
}

/** Those of the users who would be woken by a push that can be rung. Nobody, while notification cannot say. */
async function reachableByPush(
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
