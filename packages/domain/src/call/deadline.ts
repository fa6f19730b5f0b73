import { SIDES } from './seats.ts';
import type { CallState, Millis } from './state.ts';

/** When a `tick` has something to do next: the end of the ring, of a lease, or of an absence. Null once ended. */
export function nextDeadline(state: CallState): Millis | null {
  if (state.call.phase === 'ended') return null;
  const seats = SIDES.flatMap((side) => {
    const seat = state[side];
    return seat ? [seat.awayUntil ?? seat.leaseUntil] : [];
  });
  return Math.min(...seats, ...(state.call.phase === 'ringing' ? [state.ringUntil] : []));
}
