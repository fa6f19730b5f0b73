import { nativeRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { bearerToken, type Route, route } from '@switchboard/service-kit';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';
import { logOut } from '../../sessions/log-out.ts';

export const nativeLogout = (context: AuthContext): Route =>
  route({
    ...nativeRest.logout,
    async handle(request) {
      const accessToken = bearerToken(request.headers);
      orThrow(await logOut(context, { accessToken }, clientOf(request)));
      return { status: 204 };
    },
  });
