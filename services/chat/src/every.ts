import type { Clock } from '@switchboard/ports';

/** Runs `work` again and again, `ms` after the last run has ended. Disposing waits for a run in hand. `work` must not reject. */
export function every(clock: Clock, ms: number, work: () => Promise<void>): AsyncDisposable {
  let timer: Disposable | undefined;
  let running: Promise<void> | undefined;
  let disposed = false;

  const schedule = (): void => {
    if (disposed) return;
    timer = clock.after(ms, () => {
      running = work().finally(() => {
        running = undefined;
        schedule();
      });
    });
  };
  schedule();

  return {
    async [Symbol.asyncDispose]() {
      disposed = true;
      timer?.[Symbol.dispose]();
      await running;
    },
  };
}
