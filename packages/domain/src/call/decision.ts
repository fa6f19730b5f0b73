import type { CallEvent, EventBody } from '@switchboard/protocol';
import type { CallRefusal, CallState, Decision } from './state.ts';

export function changed(state: CallState, ...events: readonly EventBody<CallEvent>[]): Decision {
  return { ok: true, state, events };
}

/** The command is fine and has no effect; the state stays the same object, so nothing is stored. */
export function unchanged(state: CallState): Decision {
  return { ok: true, state, events: [] };
}

export function refused(refusal: CallRefusal): Decision {
  return { ok: false, refusal };
}
