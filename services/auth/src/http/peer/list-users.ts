import { peerManagedUser, peerRest } from '@switchboard/dialects';
import { type Route, route } from '@switchboard/service-kit';
import { managedAccounts } from '../../accounts/find-users.ts';
import type { AuthContext } from '../../context.ts';

export const peerListUsers = (context: AuthContext): Route =>
  route({
    ...peerRest.listUsers,
    async handle() {
      const accounts = await managedAccounts(context);
      return { status: 200, body: accounts.map(peerManagedUser) };
    },
  });
