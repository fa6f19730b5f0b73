/** Runs work one at a time per key, in the order asked; different keys do not wait for each other. */
export class KeyedQueue {
  readonly #tails = new Map<string, { readonly done: Promise<void>; size: number }>();

  /** Work that is running or waiting. */
  size(key: string): number {
    return this.#tails.get(key)?.size ?? 0;
  }

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key);
    const result = before ? before.done.then(work) : work();
    const tail = {
      size: (before?.size ?? 0) + 1,
      done: result.then(
        () => this.#finish(key),
        () => this.#finish(key),
      ),
    };
    this.#tails.set(key, tail);
    return result;
  }

  #finish(key: string): void {
    const tail = this.#tails.get(key);
    if (!tail) return;
    tail.size -= 1;
    if (tail.size === 0) this.#tails.delete(key);
  }
}
