import { statusOf } from './callees.ts';
import { changed, refused, unchanged } from './decision.ts';
import { resume, seatOf } from './seats.ts';
import type { CallCommand, CallState, CallTimings, Decision, Millis } from './state.ts';

type Take = Extract<CallCommand, { type: 'take' }>;

/**
 * A party goes on with another of its devices, while the one that has the seat is there. Of several that take at once the first one wins: it is not in the
 * seat that the others saw taken. What was held for the old devices, and of them, is dropped: the new one negotiates from the beginning.
 */
export function takeCall(state: CallState, command: Take, now: Millis, timings: CallTimings): Decision {
  const { userId: by, device } = command;
  const side = seatOf(state, by);
  const seat = side && state[side];
  if (!side || !seat)
    return refused(statusOf(state, by) === 'ringing' ? 'INVALID_DATA' : 'PERMISSION_DENIED');
  // Nobody is connected yet: there is nothing to go on with.
  if (state.call.phase !== 'active') return refused('INVALID_DATA');
  const taken = { device, leaseUntil: now + timings.leaseMs };
  if (seat.device.deviceId === device.deviceId) {
    return seat.awayUntil === undefined ? unchanged(state) : resume(state, side, taken);
  }
  if (seat.device.deviceId !== command.from) return unchanged(state);
  const { offer: _offer, answer: _answer, ...rest } = state;
  const call = { ...state.call, [side === 'callerSeat' ? 'callerDevice' : 'answerDevice']: device };
  return changed(
    { ...rest, call, [side]: taken, heldCandidates: [], movedBy: by },
    { type: 'call.moved', call, by, device, replaced: seat.device.deviceId },
  );
}
