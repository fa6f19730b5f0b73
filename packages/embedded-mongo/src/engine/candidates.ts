import { CommandError } from '../errors.ts';
import type { KeyRange } from '../query/interval.ts';
import type { Plan } from '../query/planner.ts';
import type { Collection, StoredDocument } from '../store/collection.ts';
import type { Connection } from '../store/connection.ts';
import { indexTable } from '../store/index-definition.ts';

const FIRST_CHUNK = 32;
const MAX_CHUNK = 256;
const CHUNK_BYTES = 4 * 1024 * 1024;

interface Step {
  /** undefined: every document by row number. */
  readonly table: string | undefined;
  readonly range: KeyRange | undefined;
}

/**
 * The documents a plan leads to, chunk by chunk. Each chunk continues after the last key of the one before, so nothing stays open
 * between them and what was committed meanwhile is seen.
 */
export class Candidates {
  private readonly connection: Connection;
  private readonly documents: string;
  private readonly reverse: boolean;
  private readonly steps: Step[];
  private readonly seen: Set<number> | undefined;
  private last: Buffer | number | undefined;
  private chunk: number;

  /** @param expected how many documents will probably be wanted */
  constructor(connection: Connection, collection: Collection, plan: Plan, expected = FIRST_CHUNK) {
    this.connection = connection;
    this.documents = collection.table;
    this.reverse = plan.reverse;
    this.seen = plan.repeats ? new Set() : undefined;
    this.chunk = Math.max(1, Math.min(expected, FIRST_CHUNK));
    this.steps = plan.scans?.flatMap(({ index, ranges }) =>
      ranges.map((range) => ({ table: indexTable(index), range })),
    ) ?? [{ table: undefined, range: undefined }];
  }

  /** @returns undefined at the end */
  next(): StoredDocument[] | undefined {
    while (true) {
      const step = this.steps[0];
      if (step === undefined) return undefined;
      const rows = this.readOrEnd(step);
      if (rows.length < this.chunk) {
        this.steps.shift();
        this.last = undefined;
      }
      if (rows.length === 0) continue;
      this.adapt(rows);
      const fresh = rows.filter(({ rid }) => this.isFresh(rid));
      if (fresh.length > 0) return fresh;
    }
  }

  /** A collection or index dropped while a query on it takes a pause ends the query. */
  private readOrEnd(step: Step): StoredDocument[] {
    try {
      return this.read(step);
    } catch (error) {
      if (error instanceof Error && error.message.includes('no such table')) {
        throw new CommandError(175, 'the collection or index of the query was dropped', { cause: error });
      }
      throw error;
    }
  }

  private isFresh(rid: number): boolean {
    if (this.seen === undefined) return true;
    if (this.seen.has(rid)) return false;
    this.seen.add(rid);
    return true;
  }

  private adapt(rows: readonly StoredDocument[]): void {
    const bytes = rows.reduce((sum, row) => sum + row.bytes.length, 0);
    this.chunk = bytes > CHUNK_BYTES ? Math.max(1, this.chunk >> 1) : Math.min(MAX_CHUNK, this.chunk * 2);
  }

  private read(step: Step): StoredDocument[] {
    if (step.table === undefined || step.range === undefined) return this.readTable();
    const { low, high } = step.range;
    const last = Buffer.isBuffer(this.last) ? this.last : undefined;
    const from = this.reverse || last === undefined ? low : last;
    const to = this.reverse && last !== undefined ? last : high;
    const above = this.reverse || last === undefined ? '>=' : '>';
    const rows = this.connection.rows(
      `SELECT i.rid, d.bson, i.k FROM ${step.table} i CROSS JOIN ${this.documents} d ON d.rid = i.rid
       WHERE i.k ${above} ? AND i.k < ? ORDER BY i.k ${this.reverse ? 'DESC' : 'ASC'} LIMIT ?`,
      [from, to, this.chunk],
    );
    this.last = rows.at(-1)?.[2] as Buffer | undefined;
    return rows.map(stored);
  }

  private readTable(): StoredDocument[] {
    const start = this.reverse ? Number.MAX_SAFE_INTEGER : 0;
    const rows = this.connection.rows(
      `SELECT rid, bson FROM ${this.documents} WHERE rid ${this.reverse ? '<' : '>'} ? ORDER BY rid ${this.reverse ? 'DESC' : 'ASC'} LIMIT ?`,
      [typeof this.last === 'number' ? this.last : start, this.chunk],
    );
    this.last = rows.at(-1)?.[0] as number | undefined;
    return rows.map(stored);
  }
}

function stored(row: unknown[]): StoredDocument {
  const [rid, bytes] = row as [number, Buffer];
  return { rid, bytes };
}
