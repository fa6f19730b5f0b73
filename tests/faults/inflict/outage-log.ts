import type { Outage } from '../checker/outages.ts';

/** The outages of something that works or does not. */
export class OutageLog {
  readonly past: Outage[] = [];
  readonly #clock: () => number;
  #current: { readonly what: string; readonly from: number } | undefined;

  /** @param clock milliseconds since the run began. */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Whether it works now, and whose going or coming is the reason to ask. */
  now(works: boolean, what: string): void {
    if (works && this.#current) {
      this.past.push({ ...this.#current, to: this.#clock() });
      this.#current = undefined;
    } else if (!works) this.#current ??= { what, from: this.#clock() };
  }
}
