import { expoPushTokenSaved, expoRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { AuthContext } from '../../context.ts';
import { savePushToken } from '../../sessions/save-push-token.ts';

export const expoSavePushToken = (context: AuthContext): Route =>
  route({
    ...expoRest.savePushToken,
    async handle({ actor, body }) {
      orThrow(await savePushToken(context, actor, body.expoPushToken));
      return { status: 200, body: expoPushTokenSaved() };
    },
  });
