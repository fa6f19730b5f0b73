import type { Fate } from './planned-call.ts';

/** What becomes of one call, as far as its parties decide it. Milliseconds. */
export interface CallIntent {
  readonly fate: Fate;
  /** Before it is given up, or hung up. */
  readonly afterMs: number;
  /** Who hangs up. */
  readonly byCaller: boolean;
  /** Before the next call. */
  readonly restMs: number;
}

const FATES: readonly Fate[] = ['hangup', 'hangup', 'reject', 'cancel', 'ring-out'];

/** Of two who call one another. As many numbers each time, so that the n-th call of a seed is the same however the others went. */
export function nextCall(random: () => number): CallIntent {
  const [which, after, who, rest] = [random(), random(), random(), random()];
  const fate = FATES[Math.floor(which * FATES.length)] ?? 'hangup';
  return {
    fate,
    afterMs: fate === 'cancel' ? 300 + after * 3_000 : 1_000 + after * 4_000,
    byCaller: who < 0.5,
    restMs: 300 + rest * 1_000,
  };
}

/** Of somebody who calls one that only a push can reach. */
export function nextWake(random: () => number): CallIntent {
  const [which, after, rest] = [random(), random(), random()];
  return {
    fate: which < 0.5 ? 'cancel' : 'ring-out',
    afterMs: 300 + after * 4_000,
    byCaller: true,
    restMs: 1_000 + rest * 2_000,
  };
}
