import type { CallRecord } from '../checker/check-calls.ts';

/** `live`: goes on to the end of the run. The others: hung up after a while, refused, given up by its caller, left to ring out. */
export type Fate = 'live' | 'hangup' | 'reject' | 'cancel' | 'ring-out';

export interface PlannedCall {
  readonly record: CallRecord;
  readonly fate: Fate;
  /** Nobody insists any longer then; as `performance.now`. */
  readonly giveUpAt: number;
  /** The callee heard it ring, and does what was planned. */
  handled: boolean;
  /** See `CallRecord`. */
  readonly trace: string[];
}
