import { nativeRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';
import { revokeAllSessions } from '../../sessions/revoke-all.ts';

export const nativeLogoutAll = (context: AuthContext): Route =>
  route({
    ...nativeRest.logoutAll,
    async handle(request) {
      orThrow(await revokeAllSessions(context, request.actor, clientOf(request)));
      return { status: 204 };
    },
  });
