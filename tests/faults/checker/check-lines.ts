import { type Outage, unhindered } from './outages.ts';

/** A connection that was lost. Times in milliseconds since the run began; absent: it did not come to that. */
export interface LostLine {
  readonly who: number;
  readonly lostAt: number;
  readonly backAt?: number;
  /** Everything missed was asked for and received. */
  readonly caughtUpAt?: number;
}

export interface LineFindings {
  readonly lost: number;
  readonly neverBack: number;
  /** Of the time without an outage, milliseconds. */
  readonly reconnectP99Ms: number;
  readonly catchUpP99Ms: number;
  /** Share that was back within `backWithinMs`, and of these caught up within `caughtUpWithinMs` more. */
  readonly inTime: number;
}

export interface LineLimits {
  readonly backWithinMs: number;
  readonly caughtUpWithinMs: number;
}

export function checkLines(
  lines: readonly LostLine[],
  outages: readonly Outage[],
  { backWithinMs, caughtUpWithinMs }: LineLimits,
): LineFindings {
  const reconnects: number[] = [];
  const catchUps: number[] = [];
  let inTime = 0;
  for (const { lostAt, backAt, caughtUpAt } of lines) {
    if (backAt === undefined) continue;
    const reconnect = unhindered(lostAt, backAt, outages);
    reconnects.push(reconnect);
    // Lost again before it had everything: the next connection answers for that.
    const catchUp = caughtUpAt === undefined ? 0 : unhindered(backAt, caughtUpAt, outages);
    if (caughtUpAt !== undefined) catchUps.push(catchUp);
    if (reconnect <= backWithinMs && catchUp <= caughtUpWithinMs) inTime += 1;
  }
  return {
    lost: lines.length,
    neverBack: lines.length - reconnects.length,
    reconnectP99Ms: percentile(reconnects, 0.99),
    catchUpP99Ms: percentile(catchUps, 0.99),
    inTime: lines.length === 0 ? 1 : inTime / lines.length,
  };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
