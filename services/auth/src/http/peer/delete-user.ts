import { peerRest, peerUserDeleted } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import { deleteAccount } from '../../accounts/delete-account.ts';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';

export const peerDeleteUser = (context: AuthContext): Route =>
  route({
    ...peerRest.deleteUser,
    async handle(request) {
      const { actor, params } = request;
      orThrow(await deleteAccount(context, actor, Number(params.id), clientOf(request)));
      return { status: 200, body: peerUserDeleted() };
    },
  });
