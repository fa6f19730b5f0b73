import { nativeRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';
import { endOwnSession } from '../../sessions/end-own-session.ts';

export const nativeRevokeSession = (context: AuthContext): Route =>
  route({
    ...nativeRest.revokeSession,
    async handle(request) {
      const { actor, params } = request;
      orThrow(await endOwnSession(context, actor, params.id, clientOf(request)));
      return { status: 204 };
    },
  });
