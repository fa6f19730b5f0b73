/** So many at once, over all partitions of one consumer. */
export interface Slots {
  /** Resolves with the way to give the slot back; with undefined once closed. */
  take(): Promise<(() => void) | undefined>;
  /** Whoever waits, and comes later, gets none. */
  close(): void;
}

export function createSlots(size: number): Slots {
  const waiting: ((slot: (() => void) | undefined) => void)[] = [];
  let free = size;
  let closed = false;

  const give = (): void => {
    const next = waiting.shift();
    if (next) next(once(give));
    else free += 1;
  };

  return {
    take() {
      if (closed) return Promise.resolve(undefined);
      if (free > 0) {
        free -= 1;
        return Promise.resolve(once(give));
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    close() {
      closed = true;
      for (const refuse of waiting.splice(0)) refuse(undefined);
    },
  };
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
