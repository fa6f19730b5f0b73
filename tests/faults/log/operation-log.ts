import { type Entry, KINDS } from './entry.ts';

const FIRST_ROWS = 4_096;
/** kind, who, conversation, key, seq, note, id. */
const COLUMNS = 7;

/** Entries in order of arrival, 36 bytes each beside the ids, which are kept once; refuses more than `capacity` of them. */
export class OperationLog implements Iterable<Entry> {
  readonly capacity: number;
  #times = new Float64Array(FIRST_ROWS);
  #numbers = new Int32Array(FIRST_ROWS * COLUMNS);
  #length = 0;
  readonly #ids: string[] = [''];
  readonly #idAt = new Map<string, number>([['', 0]]);

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get length(): number {
    return this.#length;
  }

  get full(): boolean {
    return this.#length >= this.capacity;
  }

  add({ kind, at, who, conversation, key, id, seq, note }: Entry): void {
    if (this.full) throw new RangeError(`the log holds ${this.capacity} entries and no more`);
    if (this.#length === this.#times.length) this.#grow();
    this.#times[this.#length] = at;
    this.#numbers.set(
      [KINDS.indexOf(kind), who, conversation, key, seq, note, this.#intern(id)],
      this.#length * COLUMNS,
    );
    this.#length += 1;
  }

  *[Symbol.iterator](): Iterator<Entry> {
    for (let row = 0; row < this.#length; row += 1) {
      const at = this.#times[row] ?? 0;
      const [kind = 0, who = 0, conversation = 0, key = 0, seq = 0, note = 0, id = 0] =
        this.#numbers.subarray(row * COLUMNS, (row + 1) * COLUMNS);
      const name = KINDS[kind];
      if (name === undefined) throw new RangeError('not a kind of entry');
      yield { kind: name, at, who, conversation, key, id: this.#ids[id] ?? '', seq, note };
    }
  }

  #intern(id: string): number {
    const known = this.#idAt.get(id);
    if (known !== undefined) return known;
    this.#ids.push(id);
    this.#idAt.set(id, this.#ids.length - 1);
    return this.#ids.length - 1;
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    this.#times = times;
    const numbers = new Int32Array(this.#numbers.length * 2);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }
}
