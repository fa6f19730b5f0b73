import { ringing, statusOf, withStatus } from './callees.ts';
import { changed, refused, unchanged } from './decision.ts';
import { finish } from './finish.ts';
import { rejectCall } from './reject.ts';
import { seatOf } from './seats.ts';
import type { CallCommand, CallState, Decision, Millis } from './state.ts';

type End = Extract<CallCommand, { type: 'end' }>;

export function endCall(state: CallState, command: End, now: Millis): Decision {
  const { userId: by, device } = command;
  const side = seatOf(state, by);
  const seat = side && state[side];
  if (command.cause === 'banned') return removeUser(state, command, now, seat !== undefined);
  // Without a seat a callee can only say no.
  if (!seat) return rejectCall(state, { ...command, type: 'reject', reason: 'rejected' }, now);

  // A party's other device must not hang up a call that it is not in, but a user whose device is away may end it from any.
  const entitled =
    device === undefined || device.deviceId === seat.device.deviceId || seat.awayUntil !== undefined;
  if (!entitled) return refused(side === 'callerSeat' ? 'PERMISSION_DENIED' : 'ANSWERED_ELSEWHERE');
  return finish(state, state.call.phase === 'active' ? 'hangup' : 'cancelled', now, { by, device });
}

/** A closed account leaves at once: with its seat goes the call, as one of several callees only its own ring. */
function removeUser(state: CallState, { userId: by, device }: End, now: Millis, seated: boolean): Decision {
  if (seated) return finish(state, 'banned', now, { by, device });
  const status = statusOf(state, by);
  if (status === undefined) return refused('PERMISSION_DENIED');
  if (status !== 'ringing') return unchanged(state);
  const next = withStatus(state, by, 'unavailable');
  if (ringing(next).length === 0) return finish(next, 'banned', now, { by, device });
  return changed(next, { type: 'call.declined', call: next.call, by, reason: 'unavailable' });
}
