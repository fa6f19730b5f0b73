import { isQuiet } from '@switchboard/domain';
import type { DialectName, RequestPayload, RequestReply, Result, UserId } from '@switchboard/protocol';
import { ok } from '@switchboard/protocol';
import { mongoFault } from '@switchboard/service-kit';
import type { NotificationContext } from '../context.ts';

/** `notification.reachable` */
export function serveReachable(context: NotificationContext): Promise<AsyncDisposable> {
  return context.bus.serve('notification.reachable', async (payload) => {
    try {
      return await reachable(context, payload);
    } catch (error) {
      throw mongoFault(error);
    }
  });
}

/** Their devices are rung at once or not at all, so it is the quiet of this moment that counts. */
async function reachable(
  { devices, preferences, clock }: NotificationContext,
  { userIds }: RequestPayload<'notification.reachable'>,
): Promise<Result<RequestReply<'notification.reachable'>>> {
  const [found, wishes] = await Promise.all([devices.ofUsers(userIds), preferences.ofUsers(userIds)]);
  const dialects = new Map<UserId, Set<DialectName>>();
  for (const { userId, dialect } of found) {
    const quiet = wishes.get(userId)?.quietHours;
    if (quiet?.calls === 'silent' && isQuiet(quiet, clock.now())) continue;
    dialects.set(userId, (dialects.get(userId) ?? new Set()).add(dialect));
  }
  return ok({ users: [...dialects].map(([userId, names]) => ({ userId, dialects: [...names] })) });
}
