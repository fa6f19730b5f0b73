import type { Clock } from '@switchboard/ports';
import { unavailable } from '@switchboard/protocol';
import { every, type HealthCheck, type Logger } from '@switchboard/service-kit';

/**
 * Whether this node may still speak for others. Cut off from the store or the bus, or held up itself, it cannot know what the others have decided in the
 * meantime: they may hold its sockets for dead, as it holds theirs. It then changes no call that somebody asks it to change, and leaves to them whatever
 * comes from time alone, the ends of rings, of absences and of leases, until it has been back for long enough that everybody could say they live.
 */
export interface Fence extends AsyncDisposable {
  /** True from the moment in which the bus says that it is away, or a third of a lease after anything was last reached. Looked at afresh each time. */
  isCut(): boolean;
  /** True while nothing is cut and nothing was for the last `settledMs`. Looked at afresh each time: after a process was stopped it is false from the first moment. */
  mayAct(settledMs: number): boolean;
  /** Fails while the node is cut off. */
  readonly check: HealthCheck;
  /** Told when what could not be reached is back, to say at once which of its own are alive. */
  onReturn(listener: () => void): void;
}

export interface FenceParts {
  /** Rejects while the store or the bus does not answer. */
  readonly probe: () => Promise<void>;
  /** False while one of them is known to be away without asking. */
  readonly isUp: () => boolean;
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const PROBE_MS = 1_000;

/** Leases are renewed every third of their time, so two thirds are left when a cut begins: one shorter than a third lets none lapse. */
function cutAfterMs(leaseMs: number): number {
  return leaseMs / 3;
}

export function createFence({ probe, isUp, leaseMs, clock, logger }: FenceParts): Fence {
  const limitMs = cutAfterMs(leaseMs);
  const listeners: (() => void)[] = [];
  let reachedAt = clock.now();
  /** Since when it is back after a cut. */
  let backAt = Number.NEGATIVE_INFINITY;
  let failing = false;

  const isCut = (): boolean => !isUp() || clock.now() - reachedAt >= limitMs;

  const look = async (): Promise<void> => {
    // What is answered later than it was asked says nothing about the time in between.
    const askedAt = clock.now();
    await probe();
    const wasCut = askedAt - reachedAt >= limitMs;
    const returned = failing || wasCut;
    if (wasCut) {
      backAt = askedAt;
      logger.warn({ cutMs: askedAt - reachedAt }, 'the node was cut off and is back');
    }
    reachedAt = askedAt;
    failing = false;
    if (returned) for (const listener of listeners) listener();
  };

  const timer = every(Math.min(PROBE_MS, limitMs / 4), clock, look, (err) => {
    if (!failing) logger.warn({ err }, 'the node does not reach what it shares with the others');
    failing = true;
  });

  return {
    isCut,
    mayAct: (settledMs) => !isCut() && clock.now() - backAt >= settledMs,
    check: {
      name: 'fence',
      async check() {
        if (isCut()) throw unavailable('This node');
      },
    },
    onReturn(listener) {
      listeners.push(listener);
    },
    [Symbol.asyncDispose]: () => timer[Symbol.asyncDispose](),
  };
}
