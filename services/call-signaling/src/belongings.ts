/**
 * What something has started and must close, in reverse. Node 20 has no AsyncDisposableStack.
 */
export class Belongings implements AsyncDisposable {
  readonly #parts: AsyncDisposable[] = [];

  /** Runs `start`; if it fails, what was started before is closed and the failure goes on. */
  static async collect(start: (own: Belongings) => Promise<void>): Promise<Belongings> {
    const own = new Belongings();
    try {
      await start(own);
      return own;
    } catch (err) {
      await own[Symbol.asyncDispose]();
      throw err;
    }
  }

  add(part: AsyncDisposable): void {
    this.#parts.push(part);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let part = this.#parts.pop(); part; part = this.#parts.pop()) await part[Symbol.asyncDispose]();
  }
}
