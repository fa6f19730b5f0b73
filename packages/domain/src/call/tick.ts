import type { CallEvent, EventBody } from '@switchboard/protocol';
import { changed, unchanged } from './decision.ts';
import { finish } from './finish.ts';
import { interruption, occupant, SIDES } from './seats.ts';
import type { CallState, CallTimings, Decision, Millis } from './state.ts';

/**
 * Everything that is due at `now` happens, in the order of its time: the earliest end wins, however late the sweep is. A deadline is due
 * from its very millisecond on, so afterwards the next one lies ahead.
 */
export function settle(state: CallState, now: Millis, timings: CallTimings): Decision {
  if (state.call.phase === 'ended') return unchanged(state);
  const events: EventBody<CallEvent>[] = [];
  let next = state;
  for (const side of SIDES) {
    const seat = next[side];
    if (!seat || seat.awayUntil !== undefined || seat.leaseUntil > now) continue;
    // Nobody reported the loss, so it counts from the end of the lease.
    next = { ...next, [side]: { ...seat, awayUntil: seat.leaseUntil + timings.graceMs } };
    events.push(...interruption(next, side));
  }
  const end = firstEnd(next);
  if (end.at > now) return next === state ? unchanged(state) : changed(next, ...events);
  // Nobody can return in no time: an interruption first noticed now is not worth telling.
  return end.by === undefined
    ? finish(next, 'missed', end.at)
    : finish(next, 'network_error', end.at, { by: end.by });
}

/** When a live call ends by itself as things stand, and through whose absence. */
function firstEnd(state: CallState): { at: Millis; by?: ReturnType<typeof occupant> } {
  const away = SIDES.map((side) => ({
    at: state[side]?.awayUntil ?? Number.POSITIVE_INFINITY,
    by: occupant(state, side),
  }));
  const ring = { at: state.call.phase === 'ringing' ? state.ringUntil : Number.POSITIVE_INFINITY };
  return [...away, ring].reduce((first, one) => (one.at < first.at ? one : first));
}
