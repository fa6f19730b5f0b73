import { Emitter, type SubscribeOptions, type Unsubscribe } from '../emitter.ts';

const MAX_KEPT = 500;

/** An emitter that keeps what nobody listens to for the first listener: a call may be answered before `place` has returned it. */
export class KeptEvents<Events extends object> extends Emitter<Events> {
  readonly #kept = new Map<keyof Events, unknown[]>();

  override on<E extends keyof Events>(
    event: E,
    listener: (payload: Events[E]) => void,
    options?: SubscribeOptions,
  ): Unsubscribe {
    const stop = super.on(event, listener, options);
    // Not within `on`, whose caller is not prepared yet.
    if (this.#kept.has(event)) queueMicrotask(() => this.#handOut(event));
    return stop;
  }

  override emit<E extends keyof Events>(event: E, payload: Events[E]): void {
    const kept = this.#kept.get(event);
    if (!kept && this.has(event)) {
      super.emit(event, payload);
      return;
    }
    const list = kept ?? [];
    this.#kept.set(event, list);
    if (list.length >= MAX_KEPT) list.shift();
    list.push(payload);
  }

  /** What is kept of this kind is out of date. */
  forget(event: keyof Events): void {
    this.#kept.delete(event);
  }

  #handOut<E extends keyof Events>(event: E): void {
    if (!this.has(event)) return;
    const kept = this.#kept.get(event) as Events[E][] | undefined;
    this.#kept.delete(event);
    for (const payload of kept ?? []) super.emit(event, payload);
  }
}
