interface Waiting<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Turns single writes into batches without making anybody wait for a timer: while one batch is being written, whatever comes
 * in meanwhile becomes the next. Each `add` settles with the batch that held its item.
 */
export class Coalesced<T> {
  readonly #write: (items: readonly T[]) => Promise<void>;
  readonly #maxBatch: number;
  #waiting: Waiting<T>[] = [];
  #running = false;
  #last: Promise<void> = Promise.resolve();

  constructor(write: (items: readonly T[]) => Promise<void>, maxBatch: number) {
    this.#write = write;
    this.#maxBatch = maxBatch;
  }

  add(item: T): Promise<void> {
    const done = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#running) void this.#run();
    });
    this.#last = done;
    return done;
  }

  /** Resolves once what was added until now is written or refused; what is added later is not waited for. */
  settled(): Promise<void> {
    return this.#last.catch(() => undefined);
  }

  async #run(): Promise<void> {
    this.#running = true;
    // One turn later, so that everything added in this one shares the first batch.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#maxBatch);
      try {
        await this.#write(batch.map(({ item }) => item));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#running = false;
  }
}
