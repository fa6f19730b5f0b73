import type { CallId, UserId } from '@switchboard/protocol';

export interface VersionedCall<State> {
  readonly state: State;
  /** Counts from 1. */
  readonly version: number;
}

/**
 * The live calls: one versioned JSON value a call, changed by compare-and-set, with its next deadline beside it, and a
 * claim per user that makes *busy* atomic. Everything is copied on the way in and out.
 *
 * Atomicity: each method is atomic by itself; nothing spans two keys. Expiry: values outlive their deadline by at least an hour, so a
 * late sweep still finds them. Failure: rejects with a retryable SERVICE_UNAVAILABLE; then the outcome is unknown and the caller reads again.
 */
export interface LiveCalls<State> {
  get(callId: CallId): Promise<VersionedCall<State> | undefined>;

  /**
   * Stores `next` if the version is still `expected` (0: no such call yet); `next` null removes the call. Returns false when it lost the race.
   * `deadlineAt` (epoch ms, null for none) is when `due` shall hand the call out.
   */
  compareAndSet(
    callId: CallId,
    expected: number,
    next: State | null,
    deadlineAt: number | null,
  ): Promise<boolean>;

  /**
   * Calls whose deadline has passed, oldest first, at least once each: a call handed out is hidden for `hideMs`, then due again unless its
   * deadline was moved by compareAndSet. May hand out a call that is not due or is gone; the caller decides again from the state.
   */
  due(now: number, limit: number, hideMs: number): Promise<CallId[]>;

  /** Claims `userId` for `callId` until `until` unless another call holds an unexpired claim; claiming again for the same call renews. Returns the holder. */
  claim(userId: UserId, callId: CallId, until: number, now: number): Promise<CallId>;
  /** The call that holds `userId`. */
  claimOf(userId: UserId, now: number): Promise<CallId | undefined>;
  /** Gives the claim up if `callId` still holds it. */
  release(userId: UserId, callId: CallId): Promise<void>;
}
