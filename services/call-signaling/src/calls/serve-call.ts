import type { Bus, LiveCalls } from '@switchboard/ports';
import { ok } from '@switchboard/protocol';
import type { CallHistory } from '../store/call-history.ts';
import type { LiveCall } from './live-call.ts';

export interface ServeCallParts {
  readonly bus: Bus;
  readonly liveCalls: Pick<LiveCalls<LiveCall>, 'get'>;
  readonly history: Pick<CallHistory, 'find'>;
}

/** Tells other services how a call stands: as the live store has it, which keeps ended ones for a while, else as history does. */
export function serveCall({ bus, liveCalls, history }: ServeCallParts): Promise<AsyncDisposable> {
  return bus.serve('signaling.call.get', async ({ callId }) => {
    const live = await liveCalls.get(callId);
    return ok({ call: live?.state.state.call ?? (await history.find(callId)) ?? null });
  });
}
