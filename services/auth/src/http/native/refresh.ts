import { nativeRest, nativeSignedIn } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';
import { refresh } from '../../sessions/refresh.ts';

export const nativeRefresh = (context: AuthContext): Route =>
  route({
    ...nativeRest.refresh,
    async handle(request) {
      const { refreshToken } = request.body;
      const { account, tokens } = orThrow(await refresh(context, refreshToken, clientOf(request)));
      return { status: 200, body: nativeSignedIn(account, tokens) };
    },
  });
