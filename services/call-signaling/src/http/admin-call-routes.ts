import { adminCallRings, adminCalls, nativeRest } from '@switchboard/dialects';
import type { Clock } from '@switchboard/ports';
import { orThrow, SwitchboardError } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { RingLedger } from '../ledger/ring-ledger.ts';
import { ringOf } from '../ledger/ring-of.ts';
import { rangeOf } from '../quality/call-figures.ts';
import type { CallHistory } from '../store/call-history.ts';

/** What administrators see of everybody's calls: which there were, why one rang or did not, and how they sounded. */
export function adminCallRoutes({
  history,
  ledger,
  clock,
}: {
  readonly history: Pick<CallHistory, 'record' | 'search' | 'figures'>;
  readonly ledger: Pick<RingLedger, 'of'>;
  readonly clock: Clock;
}): readonly Route[] {
  return [
    route({
      ...nativeRest.searchCalls,
      async handle({ query }) {
        const { calls, more } = orThrow(await history.search(query));
        return { status: 200, body: adminCalls(calls, more) };
      },
    }),
    route({
      ...nativeRest.callQuality,
      handle: async ({ query }) => ({
        status: 200,
        body: await history.figures(rangeOf(query, clock.now())),
      }),
    }),
    route({
      ...nativeRest.callRings,
      async handle({ params }) {
        const found = await history.record(params.id);
        if (!found) throw new SwitchboardError({ code: 'CALL_NOT_FOUND', message: 'No such call' });
        const entries = await ledger.of(params.id);
        const rings = found.call.callees.map((user) => ({ user, ...ringOf(found.call, user.id, entries) }));
        return { status: 200, body: adminCallRings(found, rings) };
      },
    }),
  ];
}
