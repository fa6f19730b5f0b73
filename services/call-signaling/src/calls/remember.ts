import type { SignalingContext } from '../context.ts';
import { deadlineOf, type LiveCall } from './live-call.ts';

/** Takes a call as just read or written into what this node knows: seats, rooms, alarm. */
export function remember(context: SignalingContext, live: LiveCall): void {
  const { calls, router, clock, timings, logger } = context;
  const { id: callId, phase } = live.state.call;
  const unseated = calls.hosted.update(live);
  if (phase === 'ended' && unseated.length > 0) calls.recentEnds.add(live.state, clock.now());
  for (const session of unseated) {
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
