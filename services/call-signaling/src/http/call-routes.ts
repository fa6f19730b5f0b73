import { expoCallHistory, expoRest, nativeCalls, nativeRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { CallHistory } from '../store/call-history.ts';

/** The routes under which clients read their past calls. */
export function callRoutes(history: CallHistory): readonly Route[] {
  return [
    route({
      ...nativeRest.listCalls,
      async handle({ actor, query }) {
        const { calls, more } = orThrow(await history.page(actor.id, query));
        return { status: 200, body: nativeCalls(calls, more) };
      },
    }),
    route({
      ...expoRest.callHistory,
      async handle({ actor, query: { before, limit } }) {
        const from = before?.by === 'id' ? before.callId : before;
        const { calls } = orThrow(await history.page(actor.id, { before: from, limit }));
        return { status: 200, body: expoCallHistory(calls) };
      },
    }),
  ];
}
