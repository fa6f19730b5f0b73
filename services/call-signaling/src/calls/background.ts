import type { Logger } from '@switchboard/service-kit';

/** Work that nobody waits for, except the way down. A failure is logged: leases and sweeps heal what it left. */
export class Background {
  readonly #running = new Set<Promise<void>>();

  run(logger: Logger, what: string, callId: string, work: () => Promise<unknown>): void {
    const running = work().then(
      () => undefined,
      (err: unknown) => logger.warn({ callId, err }, what),
    );
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }

  /** Resolves when nothing is left, what the work itself started included. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
