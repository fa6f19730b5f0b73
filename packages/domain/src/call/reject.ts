import { outcome, ringing, statusOf, withStatus } from './callees.ts';
import { changed, refused, unchanged } from './decision.ts';
import { finish } from './finish.ts';
import { isSeated } from './seats.ts';
import type { CallCommand, CallState, Decision, Millis } from './state.ts';

type Reject = Extract<CallCommand, { type: 'reject' }>;

/** A callee says no, for all of their devices. One of several leaves the others ringing; the last one ends the call. */
export function rejectCall(state: CallState, command: Reject, now: Millis): Decision {
  const { userId: by, device, reason } = command;
  switch (statusOf(state, by)) {
    case undefined:
    case 'unavailable':
      return refused('PERMISSION_DENIED');
    case 'rejected':
    case 'busy':
      // Another device of theirs, or a repeat: what they ask for is so already.
      return unchanged(state);
    case 'released':
      return refused('ANSWERED_ELSEWHERE');
    case 'answered':
      // The device that answered has to end the call instead; for the others it was answered elsewhere.
      return refused(
        device && isSeated(state, by, device.deviceId) ? 'CALL_IN_PROGRESS' : 'ANSWERED_ELSEWHERE',
      );
    case 'ringing': {
      const next = withStatus(state, by, reason);
      if (ringing(next).length === 0) return finish(next, outcome(next.callees), now, { by, device });
      return changed(next, {
        type: 'call.declined',
        call: next.call,
        by,
        reason,
        ...(device === undefined ? {} : { device }),
      });
    }
  }
}
