import type { Clock } from '@switchboard/ports';

/**
 * Does `task` every `ms`, counted from the end of the run before, until disposed; disposing waits for a run in hand.
 * A failing run is reported and does not end the series.
 */
export function every(
  ms: number,
  clock: Clock,
  task: () => Promise<void>,
  failed: (err: unknown) => void,
): AsyncDisposable {
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let timer: Disposable;

  const arm = (): void => {
    if (stopped) return;
    timer = clock.after(ms, () => {
      running = task().catch(failed).then(arm);
    });
  };
  arm();

  return {
    async [Symbol.asyncDispose]() {
      stopped = true;
      timer[Symbol.dispose]();
      await running;
    },
  };
}
