/** What a socket was sent, in order, with waiting for what is yet to come. Each event is taken once. */
export interface Received {
  readonly event: string;
  readonly args: readonly unknown[];
}

type Payload = Record<string, unknown>;

export class EventLog {
  readonly all: Received[] = [];
  #untaken: Received[] = [];
  #waiting: Array<() => boolean> = [];
  readonly #who: string;

  constructor(who: string) {
    this.#who = who;
  }

  push(event: string, args: readonly unknown[]): void {
    const received = { event, args };
    this.all.push(received);
    this.#untaken.push(received);
    this.#waiting = this.#waiting.filter((tryTake) => !tryTake());
  }

  /** The next untaken event of that name whose first argument fits; waits for it, and says what came instead when it does not. */
  next(event: string, fits: (payload: Payload) => boolean = () => true, withinMs = 15_000): Promise<Payload> {
    return new Promise((resolve, reject) => {
      const tryTake = () => {
        const index = this.#untaken.findIndex((r) => r.event === event && fits((r.args[0] ?? {}) as Payload));
        if (index < 0) return false;
        const [taken] = this.#untaken.splice(index, 1);
        clearTimeout(timer);
        resolve((taken?.args[0] ?? {}) as Payload);
        return true;
      };
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((other) => other !== tryTake);
        const seen = this.all.map((r) => r.event).join(', ') || 'nothing';
        reject(new Error(`${this.#who} was not sent ${event} within ${withinMs} ms; it was sent: ${seen}`));
      }, withinMs);
      if (!tryTake()) this.#waiting.push(tryTake);
    });
  }

  count(event: string, fits: (payload: Payload) => boolean = () => true): number {
    return this.all.filter((r) => r.event === event && fits((r.args[0] ?? {}) as Payload)).length;
  }
}

/** Waits until a condition holds, asking again every few milliseconds; fails with what was last seen. */
export async function until<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 15_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
