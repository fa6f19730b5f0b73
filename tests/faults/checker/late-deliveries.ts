import type { Span } from './outages.ts';

/** What was left over is looked for every few seconds, once it is a few seconds old. */
const SWEPT_WITHIN_MS = 15_000;

export interface Delivery {
  readonly at: number;
  /** One connection and conversation. */
  readonly line: string;
  readonly seq: number;
  /** Undefined where nobody knows. */
  readonly sender: number | undefined;
  readonly vocabulary: string;
}

/**
 * Messages told for the first time after a later one of their conversation. Native clients put them in their place by `seq`; the older vocabularies have
 * nothing to do that by, and show them as they come.
 *
 * Some may be late by design. Events leave in the order of their storing from one instance of chat alone, so what two people write at the same
 * moment, through two instances, may cross. And where chat, the bus or the database died between storing and publishing, an event is left to
 * the sweep, while newer ones go at once. All else must come in turn: what one socket sends is stored one after the other, and on the bus a
 * redelivered event is heard before the next of its key, whichever node dies. A message that comes behind a later one of the same sender,
 * with nothing left to the sweep at that time, is out of turn.
 */
export class LateDeliveries {
  readonly byVocabulary: Record<string, number> = {};
  outOfTurn = 0;
  readonly #swept: readonly Span[];
  readonly #newest = new Map<string, number>();
  readonly #newestOf = new Map<string, number>();

  /** @param swept while chat, the bus or the database was not whole. */
  constructor(swept: readonly Span[]) {
    this.#swept = swept;
  }

  /** One that the client had not heard before; whether it was out of turn. */
  told({ at, line, seq, sender, vocabulary }: Delivery): boolean {
    const late = this.#behind(this.#newest, line, seq);
    this.byVocabulary[vocabulary] = (this.byVocabulary[vocabulary] ?? 0) + (late ? 1 : 0);
    if (sender === undefined || !this.#behind(this.#newestOf, `${line} ${sender}`, seq)) return false;
    if (this.#swept.some(({ from, to }) => from <= at && at <= to + SWEPT_WITHIN_MS)) return false;
    this.outOfTurn += 1;
    return true;
  }

  #behind(newest: Map<string, number>, key: string, seq: number): boolean {
    const before = newest.get(key) ?? 0;
    newest.set(key, Math.max(before, seq));
    return seq < before;
  }
}
