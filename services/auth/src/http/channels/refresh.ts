import { channelsAccess, channelsRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';
import { refreshAccess } from '../../sessions/refresh-access.ts';

export const channelsRefresh = (context: AuthContext): Route =>
  route({
    ...channelsRest.refresh,
    async handle(request) {
      const access = orThrow(await refreshAccess(context, request.body.refresh, clientOf(request)));
      return { status: 200, body: channelsAccess(access) };
    },
  });
