import { peerManaged, peerRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import { unban } from '../../accounts/ban.ts';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';

export const peerUnbanUser = (context: AuthContext): Route =>
  route({
    ...peerRest.unbanUser,
    async handle(request) {
      const { actor, params } = request;
      const account = orThrow(await unban(context, actor, Number(params.id), clientOf(request)));
      return { status: 200, body: peerManaged('unban', account) };
    },
  });
