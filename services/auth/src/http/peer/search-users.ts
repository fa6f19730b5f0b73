import { peerFoundUsers, peerRest } from '@switchboard/dialects';
import { type Route, route } from '@switchboard/service-kit';
import { searchUsers } from '../../accounts/find-users.ts';
import type { AuthContext } from '../../context.ts';

export const peerSearchUsers = (context: AuthContext): Route =>
  route({
    ...peerRest.searchUsers,
    async handle({ query }) {
      return { status: 200, body: peerFoundUsers(await searchUsers(context, query.q, query.limit)) };
    },
  });
