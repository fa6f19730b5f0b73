import type { CallEndReason, UserId } from '@switchboard/protocol';
import type { CalleeStatus, CallState } from './state.ts';

/** How a callee stands; undefined for the caller and for strangers. */
export function statusOf(state: CallState, userId: UserId): CalleeStatus | undefined {
  return Object.hasOwn(state.callees, userId) ? state.callees[userId] : undefined;
}

/** Callees that may still answer, in the order in which they were called. */
export function ringing(state: CallState): UserId[] {
  return state.call.callees.map((user) => user.id).filter((id) => statusOf(state, id) === 'ringing');
}

export function withStatus(state: CallState, userId: UserId, status: CalleeStatus): CallState {
  return { ...state, callees: { ...state.callees, [userId]: status } };
}

/**
 * Why a call that nobody can answer any more came to nothing. Those who could not be reached do not count beside those who could:
 * busy when everybody reached was busy, rejected when somebody said no.
 */
export function outcome(callees: CallState['callees']): CallEndReason {
  const reached = Object.values(callees).filter((status) => status !== 'unavailable');
  if (reached.length === 0) return 'unavailable';
  return reached.every((status) => status === 'busy') ? 'busy' : 'rejected';
}
