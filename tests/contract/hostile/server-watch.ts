import { readFileSync } from 'node:fs';

/** What the server's event loop did since the last look. */
export interface Lap {
  /** The longest time between two turns, ms. */
  readonly stalledMs: number;
  /** How long its thread was ready to run and the machine ran others, ms; 0 where the machine does not say. */
  readonly waitedMs: number;
  readonly heapBytes: number;
}

/** Looks at a server process from outside: its own measurements, and what the kernel knows of its main thread. */
export class ServerWatch {
  readonly #url: string;
  readonly #pid: number;
  #waited: number;

  constructor(url: string, pid: number) {
    this.#url = url;
    this.#pid = pid;
    this.#waited = this.#waitedSoFar();
  }

  /** Ends a lap and begins the next. The server forgets its longest stall when asked for it. */
  async lap(): Promise<Lap> {
    // A stall is measured when the loop turns again, which it has once it answered something.
    await (await fetch(`${this.#url}/livez`)).text();
    const text = await (await fetch(`${this.#url}/metrics`)).text();
    const waited = this.#waitedSoFar();
    const waitedMs = waited - this.#waited;
    this.#waited = waited;
    return {
      stalledMs: measured(text, 'nodejs_eventloop_lag_max_seconds') * 1000,
      waitedMs,
      heapBytes: measured(text, 'nodejs_heap_size_used_bytes'),
    };
  }

  /** The second figure of schedstat: nanoseconds on a run queue. The main thread's id is the process's. */
  #waitedSoFar(): number {
    try {
      const [, waited] = readFileSync(`/proc/${this.#pid}/task/${this.#pid}/schedstat`, 'utf8').split(' ');
      return Number(waited) / 1e6;
    } catch {
      return 0;
    }
  }
}

function measured(text: string, name: string): number {
  const value = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1];
  if (value === undefined) throw new Error(`the server does not measure ${name}`);
  // Before the first sample: not a number.
  return Number(value) || 0;
}
