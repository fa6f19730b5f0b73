import type { CallState } from '@switchboard/domain';
import type { CallId } from '@switchboard/protocol';

/** An ended call, and when this node learnt of it (epoch ms). */
export interface RecentEnd {
  readonly state: CallState;
  readonly at: number;
}

const MAX = 1_000;

/**
 * Calls that ended under sockets of this node, for a short while: a node learns of an end by the bus or from the store, its sockets by the socket adapter, and that
 * one may have been cut off when it was told.
 */
export class RecentEnds {
  readonly #ends = new Map<CallId, RecentEnd>();

  add(state: CallState, at: number): void {
    this.#ends.set(state.call.id, { state, at });
    if (this.#ends.size <= MAX) return;
    for (const callId of this.#ends.keys()) {
      this.#ends.delete(callId);
      return;
    }
  }

  /** Those learnt of at `since` or later; what is older is forgotten. */
  since(since: number): CallState[] {
    for (const [callId, { at }] of this.#ends) if (at < since) this.#ends.delete(callId);
    return [...this.#ends.values()].map(({ state }) => state);
  }
}
