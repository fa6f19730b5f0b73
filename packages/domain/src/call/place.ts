import { jsonBytes, LIMITS } from '@switchboard/protocol';
import { outcome, ringing } from './callees.ts';
import { changed, refused, unchanged } from './decision.ts';
import { finish } from './finish.ts';
import { iso } from './iso.ts';
import type { CallCommand, CalleeStatus, CallState, CallTimings, Decision, Millis } from './state.ts';

type Place = Extract<CallCommand, { type: 'place' }>;

/**
 * A new call. "It rings all of the callee's compatible devices at once; none compatible or none reachable → the caller's dialect's word for
 * unavailable." A call that cannot ring is recorded as ended at once, without a call.ringing.
 */
export function placeCall(command: Place, now: Millis, timings: CallTimings): Decision {
  if (!wellFormed(command)) return refused('INVALID_DATA');
  const { call, negotiation, offer } = command;
  const callees: CallState['callees'] = Object.fromEntries(
    call.callees.map((user): [string, CalleeStatus] => [user.id, initialStatus(command, user.id)]),
  );
  const state: CallState = {
    call,
    negotiation,
    ringUntil: now + timings.ringMs,
    callerSeat: { device: call.callerDevice, leaseUntil: now + timings.leaseMs },
    callees,
    heldCandidates: [],
    ...(offer === undefined ? {} : { offer }),
  };
  const reachable = ringing(state);
  if (reachable.length === 0) return finish(state, outcome(callees), now);
  return changed(state, {
    type: 'call.ringing',
    call,
    reachable,
    ring: { until: iso(state.ringUntil), negotiation, offered: offer !== undefined },
  });
}

/** The id of a call that exists already: the retry of a caller whose reply was lost, or a collision. */
export function replaceCall(state: CallState, command: Place): Decision {
  if (command.call.caller.id !== state.call.caller.id) return refused('PERMISSION_DENIED');
  if (isRetry(state, command)) return unchanged(state);
  return refused(state.call.phase === 'ended' ? 'INVALID_DATA' : 'CALL_IN_PROGRESS');
}

function initialStatus(command: Place, userId: Place['reachable'][number]): CalleeStatus {
  if (command.busy.includes(userId)) return 'busy';
  return command.reachable.includes(userId) ? 'ringing' : 'unavailable';
}

function wellFormed({ call, offer }: Place): boolean {
  const ids = call.callees.map((user) => user.id);
  return (
    call.phase === 'ringing' &&
    call.answeredBy === undefined &&
    call.endReason === undefined &&
    ids.length > 0 &&
    new Set(ids).size === ids.length &&
    !ids.includes(call.caller.id) &&
    jsonBytes(offer) <= LIMITS.descriptionBytes
  );
}

/** The device may differ: whoever lost the reply has often lost the socket, too. */
function isRetry({ call }: CallState, command: Place): boolean {
  const again = command.call;
  const ids = new Set(call.callees.map((user) => user.id));
  return (
    again.kind === call.kind &&
    again.media === call.media &&
    again.callees.length === ids.size &&
    again.callees.every((user) => ids.has(user.id))
  );
}
