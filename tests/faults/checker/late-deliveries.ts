import type { Span } from './outages.ts';

/** How long an event is published for, from its message's acknowledgement on, before it is left to the sweep. */
const PUBLISHED_FOR_MS = 8_000;
/** Until services have found each other again after what they share was back. */
const SETTLED_AFTER_MS = 3_000;

export interface Delivery {
  readonly at: number;
  /** One connection and conversation. */
  readonly line: string;
  readonly seq: number;
  /** Undefined where nobody knows. */
  readonly sent: { readonly by: number; readonly from: number; readonly to: number } | undefined;
  readonly vocabulary: string;
}

export interface Told {
  readonly seq: number;
  readonly at: number;
}

/**
 * Messages told for the first time after a later one of their conversation. Native clients put them in their place by `seq`; the older vocabularies have
 * nothing to do that by, and show them as they come.
 *
 * Some may be late by design. Events leave in the order of their storing from one instance of chat alone, so what two people write at the same
 * moment, through two instances, may cross. And where chat, the bus or the database died between storing and publishing, an event is left to
 * the sweep, while newer ones go at once; how long it then waits for its turn does not matter. All else must come in turn: what one socket sends is
 * stored one after the other, and on the bus a redelivered event is heard before the next of its key, whichever node dies. A message that comes behind
 * a later one of the same sender, though its event was published while all that needs was whole, is out of turn.
 */
export class LateDeliveries {
  readonly byVocabulary: Record<string, number> = {};
  outOfTurn = 0;
  readonly #swept: readonly Span[];
  readonly #newest = new Map<string, Told>();
  readonly #newestOf = new Map<string, Told>();

  /** @param swept while chat, the bus or the database was not whole. */
  constructor(swept: readonly Span[]) {
    this.#swept = swept;
  }

  /** One that the client had not heard before; when out of turn, the later one of the same sender that it came behind. */
  told({ at, line, seq, sent, vocabulary }: Delivery): Told | undefined {
    const late = this.#ahead(this.#newest, line, { seq, at });
    this.byVocabulary[vocabulary] = (this.byVocabulary[vocabulary] ?? 0) + (late ? 1 : 0);
    if (!sent) return undefined;
    const ahead = this.#ahead(this.#newestOf, `${line} ${sent.by}`, { seq, at });
    const isSwept = ({ from, to }: Span) =>
      sent.from <= to + SETTLED_AFTER_MS && from <= sent.to + PUBLISHED_FOR_MS;
    if (!ahead || this.#swept.some(isSwept)) return undefined;
    this.outOfTurn += 1;
    return ahead;
  }

  #ahead(newest: Map<string, Told>, key: string, told: Told): Told | undefined {
    const before = newest.get(key);
    if (before && told.seq < before.seq) return before;
    newest.set(key, told);
    return undefined;
  }
}
