import type { UserId } from '@switchboard/protocol';
import { statusOf } from './callees.ts';
import type { CallState } from './state.ts';

/**
 * Two callers calling each other get one call: true when `callerId`, about to call `calleeId`, is being rung by them in this one, so
 * that placing means answering.
 */
export function isGlare(state: CallState, callerId: UserId, calleeId: UserId): boolean {
  return (
    state.call.phase === 'ringing' &&
    state.call.caller.id === calleeId &&
    statusOf(state, callerId) === 'ringing'
  );
}
