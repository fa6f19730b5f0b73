import { peerRest, peerTokens } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import { logIn } from '../../accounts/log-in.ts';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';

export const peerLogin = (context: AuthContext): Route =>
  route({
    ...peerRest.login,
    async handle(request) {
      const { account, tokens } = orThrow(await logIn(context, request.body, clientOf(request)));
      return { status: 200, body: peerTokens('login', account, tokens) };
    },
  });
