import type { Clock } from '@switchboard/ports';
import { every, type Logger } from '@switchboard/service-kit';
import type { ChatMetrics } from '../chat-metrics.ts';

interface Sweepable {
  sweep(): Promise<number>;
}

/** Looks for left-over events now and again, in each outbox by itself; a failed sweep is tried again with the next. */
export function startSweeps(
  outboxes: readonly Sweepable[],
  { clock, logger, metrics, ms }: { clock: Clock; logger: Logger; metrics: ChatMetrics; ms: number },
): AsyncDisposable {
  const sweeps = outboxes.map((outbox) => {
    let failing = false;
    return every(
      ms,
      clock,
      async () => {
        metrics.swept(await outbox.sweep());
        failing = false;
      },
      (err) => {
        if (!failing) logger.warn({ err }, 'left-over events wait for the bus or the database');
        failing = true;
      },
    );
  });
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(sweeps.map((sweep) => sweep[Symbol.asyncDispose]()));
    },
  };
}
