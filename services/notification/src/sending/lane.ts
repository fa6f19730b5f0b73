import type { PushQueue } from './content-rules.ts';
import type { Provider } from './provider.ts';

/** Failures in a row after which a lane is left alone for a while. */
const TOLERATED = 5;
const FIRST_OPEN_MS = 2_000;
/** A service that is back is found out soon enough for a ring. */
const MAX_OPEN_MS = 20_000;
/** Requests at once to a lane that has not shown yet, or not lately, that it answers. */
const UNPROVEN_REQUESTS = 2;

/**
 * One push service as far as this process knows it: how much is in hand there, and whether it is worth asking.
 *
 *   closed ── TOLERATED failures, or a wish to be left alone ──▶ open
 *     ▲                                                          │ its time is over
 *     └── success ── half-open: one request at a time ◀──────────┘ (failure: open again, longer)
 */
export class Lane {
  readonly key: string;
  /** Pushes in one request. */
  readonly batch: number;
  readonly #requests: Readonly<Record<PushQueue, number>>;
  readonly #random: () => number;
  readonly #inHand: Record<PushQueue, number> = { call: 0, chat: 0 };
  #failures = 0;
  #openings = 0;
  #openUntil = 0;
  #proven = false;

  constructor(
    key: string,
    { batch, requests }: Pick<Provider, 'batch' | 'requests'>,
    random: () => number = Math.random,
  ) {
    this.key = key;
    this.batch = batch;
    this.#requests = requests;
    this.#random = random;
  }

  /** It answered the last time that it was asked. */
  get proven(): boolean {
    return this.#proven;
  }

  get inHand(): number {
    return this.#inHand.call + this.#inHand.chat;
  }

  /** Nothing is known of it that would be missed. */
  idle(now: number): boolean {
    return this.inHand === 0 && this.#openUntil <= now;
  }

  open(now: number): boolean {
    return now < this.#openUntil;
  }

  get openUntil(): number {
    return this.#openUntil;
  }

  /** Requests that may be begun now. What is about calls has places of its own beside those of all. */
  free(queue: PushQueue, now: number): number {
    if (this.open(now)) return 0;
    if (this.#openings > 0) return Math.max(0, 1 - this.inHand);
    const most = this.#requests[queue];
    const own = (this.#proven ? most : Math.min(most, UNPROVEN_REQUESTS)) - this.#inHand[queue];
    return Math.max(0, own);
  }

  begin(queue: PushQueue): void {
    this.#inHand[queue]++;
  }

  /**
   * A request came to its end.
   * @param afterMs the service wants to be left alone for that long
   * @returns true when the lane opened by it
   */
  end(queue: PushQueue, answered: boolean, now: number, afterMs?: number): boolean {
    this.#inHand[queue]--;
    this.#proven = answered;
    if (answered) {
      this.#failures = 0;
      this.#openings = 0;
      return false;
    }
    this.#failures++;
    const wasOpen = this.open(now);
    if (afterMs === undefined && this.#openings === 0 && this.#failures < TOLERATED) return false;
    // Those that were in hand when it opened say nothing new.
    if (!wasOpen) this.#openings++;
    const usual = Math.min(FIRST_OPEN_MS * 2 ** Math.min(this.#openings - 1, 10), MAX_OPEN_MS);
    const pause = Math.max(afterMs ?? 0, wasOpen ? 0 : usual * (0.75 + this.#random() / 4));
    this.#openUntil = Math.max(this.#openUntil, now + pause);
    return !wasOpen;
  }

  /** A request was given up for reasons of ours: it says nothing about the lane. */
  leave(queue: PushQueue): void {
    this.#inHand[queue]--;
  }
}
