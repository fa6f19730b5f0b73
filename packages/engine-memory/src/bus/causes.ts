import { AsyncLocalStorage } from 'node:async_hooks';

/** A handler at work: the durable it belongs to, and the one whose event made its own. */
export interface Cause {
  readonly durable: object;
  readonly parent: Cause | undefined;
  readonly effects: Promise<unknown>[];
  working: boolean;
}

/**
 * Who publishes from inside whose handler. A publisher that waits until an event is handled must not wait for itself: a handler
 * that publishes what its own durable consumes would hold the lane or the slot that the new event needs.
 */
export interface Causes {
  /** Runs a handler; resolves to what it set off without waiting. */
  during(
    durable: object,
    parent: Cause | undefined,
    handler: () => Promise<void>,
  ): Promise<Promise<unknown>[]>;
  /** The handler that the caller runs in; none once that handler is over, though its timers may still run. */
  current(): Cause | undefined;
}

export function createCauses(): Causes {
  const storage = new AsyncLocalStorage<Cause>();
  return {
    async during(durable, parent, handler) {
      const cause: Cause = { durable, parent, effects: [], working: true };
      try {
        await storage.run(cause, handler);
      } finally {
        cause.working = false;
      }
      return cause.effects;
    },
    current() {
      const cause = storage.getStore();
      return cause?.working ? cause : undefined;
    },
  };
}

/** Is `durable` among those whose handlers led here? */
export function leadsBack(cause: Cause | undefined, durable: object): boolean {
  for (let at = cause; at; at = at.parent) if (at.durable === durable) return true;
  return false;
}
