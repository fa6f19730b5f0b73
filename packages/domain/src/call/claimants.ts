import type { UserId } from '@switchboard/protocol';
import { statusOf } from './callees.ts';
import type { CallState } from './state.ts';

/** Whom the call keeps busy: the caller and everybody who may answer or has; nobody once ended. */
export function claimants(state: CallState): UserId[] {
  if (state.call.phase === 'ended') return [];
  const callees = state.call.callees.map((user) => user.id);
  return [
    state.call.caller.id,
    ...callees.filter((id) => ['ringing', 'answered'].includes(statusOf(state, id) ?? '')),
  ];
}
