import { answerCall } from './answer.ts';
import { refused, unchanged } from './decision.ts';
import { endCall } from './end.ts';
import { takeCall } from './handoff.ts';
import { holdCandidate, holdOffer } from './hold.ts';
import { placeCall, replaceCall } from './place.ts';
import { rejectCall } from './reject.ts';
import { loseDevice, renewLeases, returnDevice } from './seats.ts';
import type { CallCommand, CallState, CallTimings, Decision, Millis } from './state.ts';
import { settle } from './tick.ts';

type LaterCommand = Exclude<CallCommand, { type: 'place' | 'renew' | 'tick' }>;

/** `waits`: who asks was cut off, and so perhaps were all who could have said that they live. What is due by time alone is not held against them yet. */
export type Time = 'acts' | 'waits';

/**
 * The call state machine: what becomes of a call when something is asked of it or time passes. Pure and total: the same arguments give the same
 * decision, nothing is mutated, a refusal is a value.
 *
 * `state` undefined: no such call. `now` and all times in epoch milliseconds. Time acts before a command does, so that it makes no difference
 * whether a sweep came first: an answer after the ring time finds no call. Unless it waits: then only a `tick` lets it act.
 */
export function decideCall(
  state: CallState | undefined,
  command: CallCommand,
  now: Millis,
  timings: CallTimings,
  time: Time = 'acts',
): Decision {
  if (command.type === 'place') {
    return state ? replaceCall(state, command) : placeCall(command, now, timings);
  }
  if (!state) return refused('CALL_NOT_FOUND');
  if (command.type === 'tick') return settle(state, now, timings);
  // "CALL_NOT_FOUND if the call is unknown or over, else PERMISSION_DENIED."
  if (state.call.phase === 'ended') return refused('CALL_NOT_FOUND');
  // Comes before time: a lease that nobody has seen lapse yet did no harm, and its node is evidently alive.
  if (command.type === 'renew') return renewLeases(state, command, now, timings);

  const settled = time === 'waits' ? unchanged(state) : settle(state, now, timings);
  if (!settled.ok) return settled;
  if (settled.state.call.phase === 'ended') return refused('CALL_NOT_FOUND');
  const decision = decideLive(settled.state, command, now, timings);
  if (!decision.ok) return decision;
  if (decision.state === settled.state) return unchanged(state);
  return { ...decision, events: [...settled.events, ...decision.events] };
}

function decideLive(state: CallState, command: LaterCommand, now: Millis, timings: CallTimings): Decision {
  switch (command.type) {
    case 'answer':
      return answerCall(state, command, now, timings);
    case 'reject':
      return rejectCall(state, command, now);
    case 'end':
      return endCall(state, command, now);
    case 'hold-candidate':
      return holdCandidate(state, command);
    case 'hold-offer':
      return holdOffer(state, command);
    case 'device-lost':
      return loseDevice(state, command, now, timings);
    case 'device-returned':
      return returnDevice(state, command, now, timings);
    case 'take':
      return takeCall(state, command, now, timings);
  }
}
