/** Counts work in hand and tells when none is left. */
export interface InHand {
  readonly size: number;
  enter(): void;
  leave(): void;
  /** Resolves at the first moment without work in hand, at once if this is one. */
  idle(): Promise<void>;
}

export function createInHand(): InHand {
  let size = 0;
  let waiting: (() => void)[] = [];
  return {
    get size() {
      return size;
    },
    enter() {
      size++;
    },
    leave() {
      size--;
      if (size > 0) return;
      const told = waiting;
      waiting = [];
      for (const tell of told) tell();
    },
    idle: () => (size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}
