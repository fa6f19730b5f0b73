export interface SubscribeOptions {
  /** Unsubscribes when it aborts. */
  readonly signal?: AbortSignal;
}

/** Stops the listener; again is no error. */
export type Unsubscribe = () => void;

export interface Subscribable<Events extends object> {
  /** Calls `listener` with every such event from now on, in order. */
  on<E extends keyof Events>(
    event: E,
    listener: (payload: Events[E]) => void,
    options?: SubscribeOptions,
  ): Unsubscribe;
}

/** Typed events. A listener that throws disturbs neither the others nor the sender: its error surfaces as an uncaught one, as with DOM events. */
export class Emitter<Events extends object> implements Subscribable<Events> {
  readonly #listeners = new Map<keyof Events, Set<(payload: never) => void>>();

  on<E extends keyof Events>(
    event: E,
    listener: (payload: Events[E]) => void,
    { signal }: SubscribeOptions = {},
  ): Unsubscribe {
    if (signal?.aborted) return () => {};
    // A wrapper of its own for each subscription: the same function may listen twice.
    const entry = (payload: Events[E]): void => listener(payload);
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(entry));
    const stop = (): void => {
      listeners.delete(entry);
      signal?.removeEventListener('abort', stop);
    };
    signal?.addEventListener('abort', stop, { once: true });
    return stop;
  }

  has(event: keyof Events): boolean {
    return (this.#listeners.get(event)?.size ?? 0) > 0;
  }

  emit<E extends keyof Events>(event: E, payload: Events[E]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        (listener as (payload: Events[E]) => void)(payload);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
