/** Runs one socket's commands: in order within a lane, side by side across lanes, and never more than `max` at once. */
export interface Lanes {
  /** Undefined when the socket has too much in hand already. Runs the task at once when its lane is empty. */
  run<T>(lane: string | null, task: () => Promise<T>): Promise<T> | undefined;
  readonly pending: number;
  /** Resolves when nothing is in hand or waiting. */
  idle(): Promise<void>;
}

export function createLanes(max: number): Lanes {
  const tails = new Map<string, Promise<unknown>>();
  let pending = 0;
  let waiting: (() => void)[] = [];

  return {
    get pending() {
      return pending;
    },
    run(lane, task) {
      if (pending >= max) return undefined;
      pending += 1;
      const before = lane === null ? undefined : tails.get(lane);
      const done = (before ? before.then(task, task) : task()).finally(() => {
        pending -= 1;
        if (lane !== null && tails.get(lane) === done) tails.delete(lane);
        if (pending > 0) return;
        for (const resolve of waiting) resolve();
        waiting = [];
      });
      if (lane !== null) tails.set(lane, done);
      return done;
    },
    idle() {
      return pending === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve));
    },
  };
}
