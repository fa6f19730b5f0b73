import {
  expoCallHistory,
  expoRest,
  nativeCall,
  nativeCalls,
  nativeQualityTaken,
  nativeRest,
} from '@switchboard/dialects';
import type { RateLimits, RateRule } from '@switchboard/ports';
import { type Identity, orThrow, SwitchboardError } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { RingLedger } from '../ledger/ring-ledger.ts';
import { ringOf } from '../ledger/ring-of.ts';
import type { CallHistory } from '../store/call-history.ts';

export interface CallRouteParts {
  readonly history: Pick<CallHistory, 'record' | 'page' | 'report'>;
  readonly ledger: Pick<RingLedger, 'of'>;
  readonly rates: Pick<RateLimits, 'take'>;
  /** A user's reports; as many as calls. */
  readonly reportRate: RateRule | 'off';
}

/** The routes under which clients read their past calls, and say how they sounded. */
export function callRoutes({ history, ledger, rates, reportRate }: CallRouteParts): readonly Route[] {
  const takeReport = async ({ id }: Identity): Promise<void> => {
    if (reportRate === 'off') return;
    const { allowed, retryAfterMs } = await rates.take(`call-quality:${id}`, reportRate);
    if (allowed) return;
    throw new SwitchboardError({ code: 'RATE_LIMITED', message: 'Too many reports', retryAfterMs });
  };
  return [
    route({
      ...nativeRest.listCalls,
      async handle({ actor, query }) {
        const { calls, more } = orThrow(await history.page(actor.id, query));
        return { status: 200, body: nativeCalls(actor.id, calls, more) };
      },
    }),
    route({
      ...nativeRest.getCall,
      async handle({ actor, params }) {
        const found = await history.record(params.id);
        const party = found && [found.call.caller, ...found.call.callees].find(({ id }) => id === actor.id);
        if (!found || !party) throw new SwitchboardError({ code: 'CALL_NOT_FOUND', message: 'No such call' });
        const called = actor.id !== found.call.caller.id;
        const ring = called ? ringOf(found.call, actor.id, await ledger.of(params.id, actor.id)) : undefined;
        return { status: 200, body: nativeCall(actor.id, found, ring) };
      },
    }),
    route({
      ...nativeRest.reportCallQuality,
      async handle({ actor, params, body }) {
        await takeReport(actor);
        const kept = orThrow(await history.report(params.id, actor.id, body));
        return { status: 200, body: nativeQualityTaken(kept) };
      },
    }),
    route({
      ...expoRest.callHistory,
      async handle({ actor, query: { before, limit } }) {
        const from = before?.by === 'id' ? before.callId : before;
        const { calls } = orThrow(await history.page(actor.id, { before: from, limit }));
        return { status: 200, body: expoCallHistory(calls.map(({ call }) => call)) };
      },
    }),
  ];
}
