import { nativeRest, nativeUsers } from '@switchboard/dialects';
import { type Route, route } from '@switchboard/service-kit';
import { searchUsers } from '../../accounts/find-users.ts';
import type { AuthContext } from '../../context.ts';

export const nativeListUsers = (context: AuthContext): Route =>
  route({
    ...nativeRest.listUsers,
    async handle({ query }) {
      return { status: 200, body: nativeUsers(await searchUsers(context, query.q ?? '', query.limit)) };
    },
  });
