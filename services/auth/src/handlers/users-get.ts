import { ok } from '@switchboard/protocol';
import { usersById } from '../accounts/find-users.ts';
import type { AuthContext } from '../context.ts';

/** `auth.users.get` */
export function serveUsersGet(context: AuthContext): Promise<AsyncDisposable> {
  return context.bus.serve('auth.users.get', async ({ userIds }) => {
    const users = await usersById(context, userIds);
    return ok({ users });
  });
}
