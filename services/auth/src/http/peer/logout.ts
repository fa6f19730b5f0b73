import { peerLoggedOut, peerRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { bearerToken, type Route, route } from '@switchboard/service-kit';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';
import { logOut } from '../../sessions/log-out.ts';

export const peerLogout = (context: AuthContext): Route =>
  route({
    ...peerRest.logout,
    async handle(request) {
      const { refreshToken } = request.body;
      const tokens = { accessToken: bearerToken(request.headers), refreshToken };
      orThrow(await logOut(context, tokens, clientOf(request)));
      return { status: 200, body: peerLoggedOut() };
    },
  });
