/** Seqs, both ends included. */
export interface SeqRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The gaps in what a member was sent, ascending: they hold everything up to `after` and the messages in `seqs`, in any order and perhaps twice. What
 * lies behind the greatest seq cannot be known from here. Ranges, so that one far seq does not cost memory.
 */
export function missing(after: number, seqs: readonly number[]): SeqRange[] {
  const gaps: SeqRange[] = [];
  let reached = after;
  for (const seq of seqs.toSorted((a, b) => a - b)) {
    if (seq > reached + 1) gaps.push({ from: reached + 1, to: seq - 1 });
    reached = Math.max(reached, seq);
  }
  return gaps;
}
