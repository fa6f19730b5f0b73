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

async function reachable(
  { devices }: NotificationContext,
  { userIds }: RequestPayload<'notification.reachable'>,
): Promise<Result<RequestReply<'notification.reachable'>>> {
  const dialects = new Map<UserId, Set<DialectName>>();
  for (const { userId, dialect } of await devices.ofUsers(userIds)) {
    dialects.set(userId, (dialects.get(userId) ?? new Set()).add(dialect));
  }
  return ok({ users: [...dialects].map(([userId, names]) => ({ userId, dialects: [...names] })) });
}
