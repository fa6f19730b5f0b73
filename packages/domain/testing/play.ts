import { type CallCommand, type CallState, type Decision, decideCall, type Millis } from '../src/index.ts';
import { deepFreeze, START, stateOf, TIMINGS } from './cast.ts';

/** A command, and when, in milliseconds after the start. */
export type Step = readonly [at: Millis, command: CallCommand];

/** Decides with everything frozen, so that a decision that mutates its input fails. */
export function decideFrozen(state: CallState | undefined, command: CallCommand, at: Millis): Decision {
  return decideCall(deepFreeze(state), deepFreeze(command), START + at, TIMINGS);
}

/** The state after steps that must all go through. */
export function play(...steps: readonly Step[]): CallState {
  let state: CallState | undefined;
  for (const [at, command] of steps) state = stateOf(decideFrozen(state, command, at));
  if (!state) throw new Error('nothing was played');
  return state;
}

/**
 * A decision in one line. `=` no change; `+` changed without an event; events without `call.`, with the reason where they have one; the
 * refusal otherwise.
 */
export function summary(before: CallState | undefined, decision: Decision): string {
  if (!decision.ok) return decision.refusal;
  if (decision.state === before) return decision.events.length === 0 ? '=' : 'events without a change';
  if (decision.events.length === 0) return '+';
  return decision.events
    .map((event) => event.type.replace('call.', '') + ('reason' in event ? `:${event.reason}` : ''))
    .join(' ');
}
