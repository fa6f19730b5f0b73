const NAMES = ['docsExamined', 'docsWritten', 'commits', 'commands', 'connections', 'openCursors'] as const;

export type CounterName = (typeof NAMES)[number];
/** Totals since the start, except `connections` and `openCursors`, which are the present numbers. */
export type Stats = Readonly<Record<CounterName, number>>;

/** Counters in shared memory: the database's own thread counts, the thread that started it reads without asking. */
export class Counters {
  readonly memory: SharedArrayBuffer;
  private readonly values: BigInt64Array;

  constructor(memory = new SharedArrayBuffer(NAMES.length * 8)) {
    this.memory = memory;
    this.values = new BigInt64Array(memory);
  }

  add(name: CounterName, count = 1): void {
    Atomics.add(this.values, NAMES.indexOf(name), BigInt(count));
  }

  read(name: CounterName): number {
    return Number(Atomics.load(this.values, NAMES.indexOf(name)));
  }

  snapshot(): Stats {
    return Object.fromEntries(NAMES.map((name) => [name, this.read(name)])) as Record<CounterName, number>;
  }
}
