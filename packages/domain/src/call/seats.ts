import type { CallEvent, EventBody, UserId } from '@switchboard/protocol';
import { statusOf } from './callees.ts';
import { changed, refused, unchanged } from './decision.ts';
import { iso } from './iso.ts';
import type { CallCommand, CallState, CallTimings, Decision, Millis, Seat } from './state.ts';

export const SIDES = ['callerSeat', 'answerSeat'] as const;
/** Which of the two seats of a call. */
export type Side = (typeof SIDES)[number];

/** Who sits there; undefined for the answerer's side while nobody has answered. */
export function occupant(state: CallState, side: Side): UserId | undefined {
  return side === 'callerSeat' ? state.call.caller.id : state.call.answeredBy;
}

export function seatOf(state: CallState, userId: UserId): Side | undefined {
  return SIDES.find((side) => state[side] && occupant(state, side) === userId);
}

export function isSeated(state: CallState, userId: UserId, deviceId: string): boolean {
  const side = seatOf(state, userId);
  return side !== undefined && state[side]?.device.deviceId === deviceId;
}

/** What the other party hears of a seat that is away; nothing while it rings, since nobody is connected yet. */
export function interruption(state: CallState, side: Side): EventBody<CallEvent>[] {
  const by = occupant(state, side);
  const awayUntil = state[side]?.awayUntil;
  if (state.call.phase !== 'active' || by === undefined || awayUntil === undefined) return [];
  return [{ type: 'call.interrupted', call: state.call, by, graceUntil: iso(awayUntil) }];
}

/** The device of a seat went away. Any other device of a party is no loss. */
export function loseDevice(
  state: CallState,
  command: Extract<CallCommand, { type: 'device-lost' }>,
  now: Millis,
  timings: CallTimings,
): Decision {
  const { userId, deviceId, presumed = false } = command;
  const side = seatOf(state, userId);
  const seat = side && state[side];
  if (!side || !seat) return statusOf(state, userId) ? unchanged(state) : refused('PERMISSION_DENIED');
  if (seat.device.deviceId !== deviceId || seat.lost) return unchanged(state);
  if (presumed && seat.awayUntil !== undefined) return unchanged(state);
  const awayUntil = seat.awayUntil ?? now + timings.graceMs;
  const next = {
    ...state,
    [side]: { ...seat, awayUntil, ...(presumed ? {} : { lost: true as const }) },
  };
  // A lapsed lease, or a node not heard of, has told the other party already.
  return changed(next, ...(seat.awayUntil === undefined ? interruption(next, side) : []));
}

/** "Any new authenticated socket of a party that arrives within the grace period takes its place in the call." */
export function returnDevice(
  state: CallState,
  command: Extract<CallCommand, { type: 'device-returned' }>,
  now: Millis,
  timings: CallTimings,
): Decision {
  const { userId, device } = command;
  const side = seatOf(state, userId);
  const seat = side && state[side];
  if (!side || !seat) return refused('PERMISSION_DENIED');
  if (seat.awayUntil === undefined) {
    return seat.device.deviceId === device.deviceId ? unchanged(state) : refused('PERMISSION_DENIED');
  }
  return resume(state, side, { device, leaseUntil: now + timings.leaseMs });
}

/**
 * Extends the leases of the devices named. A seat that is away only because its lease lapsed is there again. Devices that hold no seat any more are
 * ignored. What was held for a device is dropped with its first renewal: it was there when it was told.
 */
export function renewLeases(
  state: CallState,
  command: Extract<CallCommand, { type: 'renew' }>,
  now: Millis,
  timings: CallTimings,
): Decision {
  const leaseUntil = now + timings.leaseMs;
  const events: EventBody<CallEvent>[] = [];
  let next = state;
  for (const side of SIDES) {
    const seat = next[side];
    if (!seat || seat.lost || !command.deviceIds.includes(seat.device.deviceId)) continue;
    const renewed: Seat = { device: seat.device, leaseUntil };
    if (seat.awayUntil !== undefined) {
      const resumed = resume(next, side, renewed);
      if (!resumed.ok) return resumed;
      next = resumed.state;
      events.push(...resumed.events);
    } else if (leaseUntil > seat.leaseUntil) {
      next = { ...next, [side]: renewed };
    } else continue;
    if (next.call.phase === 'active') next = withoutHeld(next, side);
  }
  return next === state ? unchanged(state) : changed(next, ...events);
}

/** The party is in its seat again, with the same device or another. */
export function resume(state: CallState, side: Side, seat: Seat): Decision {
  const by = occupant(state, side);
  const before = state[side];
  if (by === undefined || !before) return unchanged(state);
  const { device } = seat;
  const call = { ...state.call, [side === 'callerSeat' ? 'callerDevice' : 'answerDevice']: device };
  return changed(
    { ...state, call, [side]: seat },
    { type: 'call.resumed', call, by, device, replaced: before.device.deviceId },
  );
}

function withoutHeld(before: CallState, side: Side): CallState {
  const { movedBy, ...unmoved } = before;
  const state = movedBy === undefined || movedBy === occupant(before, side) ? before : unmoved;
  if (side === 'answerSeat')
    return state.heldCandidates.length === 0 ? state : { ...state, heldCandidates: [] };
  const { answer: _answer, ...rest } = state;
  return rest;
}
