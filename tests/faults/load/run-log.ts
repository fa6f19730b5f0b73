import type { CallRecord } from '../checker/check-calls.ts';
import type { LostLine } from '../checker/check-lines.ts';
import type { Entry } from '../log/entry.ts';
import { OperationLog } from '../log/operation-log.ts';

type Growing<T> = { -readonly [K in keyof T]: T[K] };

/** All that the clients of a run write down. */
export class RunLog {
  readonly operations: OperationLog;
  readonly lines: Growing<LostLine>[] = [];
  readonly calls: CallRecord[] = [];
  /** A word for each refusal that was final, with how often it came. */
  readonly refusals = new Map<string, number>();
  readonly #began = performance.now();
  #keys = 0;

  constructor(capacity: number) {
    this.operations = new OperationLog(capacity);
  }

  /** Milliseconds since the run began. */
  readonly now = (): number => performance.now() - this.#began;

  nextKey(): number {
    this.#keys += 1;
    return this.#keys;
  }

  write(entry: Omit<Entry, 'at'>): void {
    // A full log ends the run, see `full`; what is not written is not judged.
    if (!this.operations.full) this.operations.add({ ...entry, at: this.now() });
  }

  refused(what: string): void {
    this.refusals.set(what, (this.refusals.get(what) ?? 0) + 1);
  }
}

/** The text of a message, by which it is known wherever it turns up. */
export const textOf = (key: number): string => `message ${key}`;
/** NaN for a text that is not ours. */
export const keyOf = (text: unknown): number =>
  typeof text === 'string' && text.startsWith('message ')
    ? Number(text.slice('message '.length))
    : Number.NaN;
