import { jitsiRest, jitsiUsers } from '@switchboard/dialects';
import { type Route, route } from '@switchboard/service-kit';
import { activeUsers } from '../../accounts/find-users.ts';
import type { AuthContext } from '../../context.ts';

export const jitsiListUsers = (context: AuthContext): Route =>
  route({
    ...jitsiRest.listUsers,
    async handle() {
      return { status: 200, body: jitsiUsers(await activeUsers(context)) };
    },
  });
