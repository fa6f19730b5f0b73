import type { PushQueue } from './content-rules.ts';
import { Lane } from './lane.ts';
import type { Provider } from './provider.ts';

/** Users choose hosts, so there may be many; those that nothing is known of are forgotten first. */
const MAX_LANES = 2_000;

/** Requests in hand, together, with lanes that have not shown that they answer: any number of dead hosts leaves room for the living. */
const MAX_UNPROVEN = 64;

/** The lanes that this process has met. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();

  of(key: string, provider: Provider, now: number): Lane {
    const known = this.#lanes.get(key);
    if (known) return known;
    if (this.#lanes.size >= MAX_LANES) this.#forget(now);
    const lane = new Lane(key, provider);
    this.#lanes.set(key, lane);
    return lane;
  }

  get(key: string): Lane | undefined {
    return this.#lanes.get(key);
  }

  /** Requests to this lane that may be begun now. */
  free(lane: Lane, queue: PushQueue, now: number): number {
    const free = lane.free(queue, now);
    return lane.proven ? free : Math.max(0, Math.min(free, MAX_UNPROVEN - this.#unproven()));
  }

  /** Those that take nothing more now. */
  full(queue: PushQueue, now: number): string[] {
    const crowded = this.#unproven() >= MAX_UNPROVEN;
    return [...this.#lanes.values()]
      .filter((lane) => (crowded && !lane.proven) || lane.free(queue, now) === 0)
      .map(({ key }) => key);
  }

  /** Push services that are being left alone. */
  openCount(now: number): number {
    return [...this.#lanes.values()].filter((lane) => lane.open(now)).length;
  }

  #unproven(): number {
    let sum = 0;
    for (const lane of this.#lanes.values()) if (!lane.proven) sum += lane.inHand;
    return sum;
  }

  #forget(now: number): void {
    for (const [key, lane] of this.#lanes) if (lane.idle(now)) this.#lanes.delete(key);
  }
}
