import type { CallState, CallTimings } from '@switchboard/domain';
import { CallId, type Notice } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import { seatOf } from './parties.ts';
import { remember } from './remember.ts';
import { returnDevice } from './return-device.ts';
import { load } from './transition.ts';

/** A dead socket is noticed within this: by the end of its node's lease, or of its own ping timeout. */
export function waitMs(timings: CallTimings): number {
  return Math.max(60_000, 2 * timings.leaseMs);
}

/**
 * A call changed somewhere: what this node has to do with it is read anew. A notice that is lost is made up for by the next
 * lease.
 */
export function heed(context: SignalingContext, notice: Notice): void {
  if (notice.type !== 'call.changed') return;
  const parsed = CallId.safeParse(notice.callId);
  if (!parsed.success) return;
  const hosted = context.calls.hosted.get(parsed.data);
  if (hosted) hosted.fresh = false;
  if (hosted || context.calls.waiting.has(parsed.data)) refresh(context, parsed.data);
}

export function refresh(context: SignalingContext, callId: CallId): void {
  const { calls, logger } = context;
  calls.background.run(logger, 'a changed call could not be read', callId, () =>
    calls.changes.run(callId, async () => {
      const stored = await load(context, callId);
      if (stored) remember(context, stored.live);
      await seatWaiting(context, callId, stored?.live.state);
    }),
  );
}

/** Gives an empty seat to a socket of its user that has been waiting for it. */
async function seatWaiting(
  context: SignalingContext,
  callId: CallId,
  state: CallState | undefined,
): Promise<void> {
  const { waiting, departed } = context.calls;
  if (!state || state.call.phase === 'ended') {
    waiting.forget(callId);
    return;
  }
  for (const session of waiting.of(callId, context.clock.now())) {
    const empty = seatOf(state, session.identity.id)?.awayUntil !== undefined;
    if (departed.has(session)) waiting.remove(callId, session);
    else if (empty && (await returnDevice(context, session, state))) waiting.remove(callId, session);
  }
}
