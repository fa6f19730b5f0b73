import type { SignalingContext } from '../context.ts';
import { deadlineOf, type LiveCall } from './live-call.ts';

/** Takes a call as just read or written into what this node knows: seats, rooms, alarm. */
export function remember(context: SignalingContext, live: LiveCall): void {
  const { calls, router, clock, timings, logger } = context;
  const { id: callId, phase } = live.state.call;
  for (const session of calls.hosted.update(live)) {
    calls.background.run(logger, 'leaving a call room failed', callId, () =>
      router.leaveCall(session.deviceId, callId),
    );
  }
  if (phase === 'ended' || !calls.hosted.get(callId)) {
    calls.timers.clear(callId);
    return;
  }
  calls.timers.set(clock, callId, deadlineOf({ ...live, outbox: [] }, clock.now(), timings));
}
