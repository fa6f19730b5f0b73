import { nativeRest, nativeSessions } from '@switchboard/dialects';
import { type Route, route } from '@switchboard/service-kit';
import type { AuthContext } from '../../context.ts';
import { listSessions } from '../../sessions/list-sessions.ts';

export const nativeListSessions = (context: AuthContext): Route =>
  route({
    ...nativeRest.listSessions,
    async handle({ actor }) {
      return { status: 200, body: nativeSessions(await listSessions(context, actor)) };
    },
  });
