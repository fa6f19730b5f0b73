import { channelsRest, channelsTokens } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import { logIn } from '../../accounts/log-in.ts';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';

export const channelsLogin = (context: AuthContext): Route =>
  route({
    ...channelsRest.login,
    async handle(request) {
      const { tokens } = orThrow(await logIn(context, request.body, clientOf(request)));
      return { status: 200, body: channelsTokens(tokens) };
    },
  });
