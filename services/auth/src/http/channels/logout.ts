import { channelsLoggedOut, channelsRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { bearerToken, type Route, route } from '@switchboard/service-kit';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';
import { logOut } from '../../sessions/log-out.ts';

export const channelsLogout = (context: AuthContext): Route =>
  route({
    ...channelsRest.logout,
    async handle(request) {
      const tokens = { accessToken: bearerToken(request.headers), refreshToken: request.body.refresh };
      orThrow(await logOut(context, tokens, clientOf(request)));
      return { status: 200, body: channelsLoggedOut() };
    },
  });
