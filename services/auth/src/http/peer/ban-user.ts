import { peerManaged, peerRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import { ban } from '../../accounts/ban.ts';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';

export const peerBanUser = (context: AuthContext): Route =>
  route({
    ...peerRest.banUser,
    async handle(request) {
      const { actor, params } = request;
      const account = orThrow(await ban(context, actor, Number(params.id), clientOf(request)));
      return { status: 200, body: peerManaged('ban', account) };
    },
  });
