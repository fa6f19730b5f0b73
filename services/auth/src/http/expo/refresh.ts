import { expoRest, expoTokens } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';
import { refresh } from '../../sessions/refresh.ts';

export const expoRefresh = (context: AuthContext): Route =>
  route({
    ...expoRest.refresh,
    async handle(request) {
      const { tokens } = orThrow(await refresh(context, request.body.refreshToken, clientOf(request)));
      return { status: 200, body: expoTokens(tokens) };
    },
  });
