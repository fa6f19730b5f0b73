import type { Message } from '../wire.ts';

/** Held beyond this, arrivals are let go: the repair that is due brings them. */
const MAX_HELD = 500;

/**
 * The messages of one conversation in the order of their seq, each once, never with a gap. Arrivals come in any order and more than once, from the
 * line, from acks and from repairs; what lies behind a gap is held until the gap is closed.
 */
export class Timeline {
  readonly id: string;
  readonly #deliver: (message: Message) => void;
  readonly #held = new Map<number, Message>();
  #position: number | undefined;
  #known = 0;

  /** `position`: the seq up to which everything was delivered; undefined while it is not known where to begin. */
  constructor(id: string, deliver: (message: Message) => void, position?: number) {
    this.id = id;
    this.#deliver = deliver;
    this.#position = position;
    this.#known = position ?? 0;
  }

  get position(): number | undefined {
    return this.#position;
  }

  /** A message is known to exist that could not be delivered yet. */
  get behind(): boolean {
    return this.#position !== undefined && this.#known > this.#position;
  }

  /** Begins after `position`, or before what has arrived meanwhile if that is earlier. */
  begin(position: number): void {
    if (this.#position !== undefined) return;
    this.#position = Math.min(position, ...[...this.#held.keys()].map((seq) => seq - 1));
    this.#flush();
  }

  /** There is a message of this seq. */
  learn(seq: number): void {
    this.#known = Math.max(this.#known, seq);
  }

  accept(message: Message): void {
    const { seq } = message;
    this.learn(seq);
    if (this.#position !== undefined && seq <= this.#position) return;
    if (seq !== (this.#position ?? Number.NaN) + 1 && this.#held.size >= MAX_HELD) return;
    this.#held.set(seq, message);
    this.#flush();
  }

  #flush(): void {
    if (this.#position === undefined) return;
    for (;;) {
      const next: Message | undefined = this.#held.get(this.#position + 1);
      if (!next) break;
      this.#held.delete(next.seq);
      // Moved on first: a listener may look, or send.
      this.#position = next.seq;
      this.#deliver(next);
    }
  }
}
