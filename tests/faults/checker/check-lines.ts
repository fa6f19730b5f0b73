import { type Outage, type Span, unhindered } from './outages.ts';

/** A connection that was lost. Times in milliseconds since the run began; absent: it did not come to that. */
export interface LostLine {
  readonly who: number;
  readonly lostAt: number;
  readonly backAt?: number;
  /** Everything missed was asked for and received. */
  readonly caughtUpAt?: number;
}

export interface Share {
  readonly lost: number;
  /** Share that was back within `backWithinMs`, and of these caught up within `caughtUpWithinMs` more. */
  readonly inTime: number;
}

export interface LineFindings extends Share {
  readonly neverBack: number;
  /** Back, and lost again or at the end without everything that was missed; and so was each later connection of the client. */
  readonly neverCaughtUp: number;
  /** Of the time without an outage, milliseconds. */
  readonly reconnectP99Ms: number;
  readonly catchUpP99Ms: number;
  /** Kind of fault → the connections that were lost from it on, until the next one. */
  readonly byFault: Readonly<Record<string, Share>>;
}

export interface LineLimits {
  readonly backWithinMs: number;
  readonly caughtUpWithinMs: number;
}

export interface LineScene {
  readonly outages: readonly Outage[];
  /** In order; `what` is the kind. */
  readonly faults: readonly Span[];
}

/** What stops a node without ending its connections. */
const PAUSE = 'signaling-pause';
const NO_FAULT = 'none';

/**
 * Pure. A client on a node that is stopped knows nothing of it until its patience is over: its connection counts as lost when the node stopped. Which
 * node a client is on, the gateway does not say; but while one is stopped and nothing else is wrong, only its own connections are lost, so these are
 * the ones. Whoever came by way of another connection meanwhile has lost that one when it did.
 */
export function checkLines(
  lines: readonly LostLine[],
  { outages, faults }: LineScene,
  { backWithinMs, caughtUpWithinMs }: LineLimits,
): LineFindings {
  const reconnects: number[] = [];
  const catchUps: number[] = [];
  const tallies = new Map<string, { lost: number; inTime: number }>();
  const madeGood = new Set<number>();
  let inTime = 0;
  let neverCaughtUp = 0;

  // From the last to the first: whether a connection that was lost again was made good is known from those behind it.
  const previous = previousOf(lines);
  for (const line of [...lines].reverse()) {
    const { who, backAt, caughtUpAt } = line;
    const fault = faults.findLast(({ from }) => from <= line.lostAt);
    const kind = fault?.what ?? NO_FAULT;
    const tally = tallies.get(kind) ?? { lost: 0, inTime: 0 };
    tallies.set(kind, tally);
    tally.lost += 1;
    if (caughtUpAt !== undefined) madeGood.add(who);
    const caughtUp = madeGood.has(who);
    if (backAt === undefined) continue;
    if (!caughtUp) neverCaughtUp += 1;
    const stopped = fault?.what === PAUSE && line.lostAt <= fault.to ? fault : undefined;
    const upSince = previous.get(line)?.backAt ?? 0;
    const lostAt = stopped && upSince <= stopped.from ? stopped.from : line.lostAt;
    const reconnect = unhindered(lostAt, backAt, outages);
    reconnects.push(reconnect);
    // Lost again before it had everything: the next connection answers for that.
    const catchUp = caughtUpAt === undefined ? 0 : unhindered(backAt, caughtUpAt, outages);
    if (caughtUpAt !== undefined) catchUps.push(catchUp);
    if (caughtUp && reconnect <= backWithinMs && catchUp <= caughtUpWithinMs) {
      inTime += 1;
      tally.inTime += 1;
    }
  }
  return {
    lost: lines.length,
    neverBack: lines.length - reconnects.length,
    neverCaughtUp,
    reconnectP99Ms: percentile(reconnects, 0.99),
    catchUpP99Ms: percentile(catchUps, 0.99),
    inTime: lines.length === 0 ? 1 : inTime / lines.length,
    byFault: Object.fromEntries(
      [...tallies].map(([kind, tally]) => [kind, { lost: tally.lost, inTime: tally.inTime / tally.lost }]),
    ),
  };
}

function previousOf(lines: readonly LostLine[]): ReadonlyMap<LostLine, LostLine> {
  const previous = new Map<LostLine, LostLine>();
  const last = new Map<number, LostLine>();
  for (const line of lines) {
    const before = last.get(line.who);
    if (before) previous.set(line, before);
    last.set(line.who, line);
  }
  return previous;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
