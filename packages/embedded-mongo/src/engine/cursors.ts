import { randomBytes } from 'node:crypto';
import { CommandError } from '../errors.ts';
import type { Counters } from './counters.ts';
import type { Pace } from './pace.ts';

/** Where the batches of a cursor come from. */
export interface BatchSource {
  readonly done: boolean;
  batch(count: number, pace: Pace): Promise<Buffer[]>;
}

interface Cursor {
  readonly source: BatchSource;
  readonly namespace: string;
  usedAt: number;
  busy: boolean;
  killedBecause?: string;
}

export interface CursorLimits {
  readonly maxCursors: number;
  readonly timeoutMs: number;
  readonly now: () => number;
}

/** The open cursors: so many at most, and each only as long as it is used now and then. */
export class Cursors {
  private readonly cursors = new Map<bigint, Cursor>();
  private readonly limits: CursorLimits;
  private readonly counters: Counters;

  constructor(limits: CursorLimits, counters: Counters) {
    this.limits = limits;
    this.counters = counters;
  }

  /** @throws CommandError when too many are open */
  open(namespace: string, source: BatchSource): bigint {
    this.expire();
    if (this.cursors.size >= this.limits.maxCursors) throw new CommandError(1, 'too many open cursors');
    let id = 0n;
    while (id === 0n || this.cursors.has(id)) id = randomBytes(8).readBigUInt64LE() >> 1n;
    this.cursors.set(id, { source, namespace, usedAt: this.limits.now(), busy: false });
    this.counters.add('openCursors');
    return id;
  }

  /** @throws CommandError CursorNotFound (43) */
  async more(
    id: bigint,
    namespace: string,
    count: number,
    pace: Pace,
  ): Promise<{ batch: Buffer[]; done: boolean }> {
    this.expire();
    const cursor = this.cursors.get(id);
    if (cursor === undefined || cursor.namespace !== namespace)
      throw new CommandError(43, `cursor id ${id} not found`);
    if (cursor.killedBecause !== undefined) {
      this.close(id, namespace);
      throw new CommandError(175, cursor.killedBecause);
    }
    if (cursor.busy) throw new CommandError(12051, `cursor id ${id} is already in use`);
    cursor.busy = true;
    try {
      const batch = await cursor.source.batch(count, pace);
      if (cursor.source.done) this.close(id, namespace);
      return { batch, done: cursor.source.done };
    } catch (error) {
      this.close(id, namespace);
      throw error;
    } finally {
      cursor.busy = false;
      cursor.usedAt = this.limits.now();
    }
  }

  close(id: bigint, namespace: string): boolean {
    const cursor = this.cursors.get(id);
    if (cursor === undefined || cursor.namespace !== namespace) return false;
    this.cursors.delete(id);
    this.counters.add('openCursors', -1);
    return true;
  }

  /** Ends every cursor on a collection; its user is told why when it asks for more. */
  kill(namespace: string, reason: string): void {
    for (const cursor of this.cursors.values())
      if (cursor.namespace === namespace) cursor.killedBecause = reason;
  }

  expire(): void {
    const before = this.limits.now() - this.limits.timeoutMs;
    for (const [id, cursor] of this.cursors) {
      if (!cursor.busy && cursor.usedAt < before) this.close(id, cursor.namespace);
    }
  }
}

/** Results that are all there already. */
export class ListSource implements BatchSource {
  private readonly rest: Buffer[];

  constructor(documents: readonly Buffer[]) {
    this.rest = [...documents].reverse();
  }

  get done(): boolean {
    return this.rest.length === 0;
  }

  batch(count: number): Promise<Buffer[]> {
    const result: Buffer[] = [];
    let bytes = 0;
    while (result.length < count && bytes < 16 * 1024 * 1024) {
      const next = this.rest.pop();
      if (next === undefined) break;
      result.push(next);
      bytes += next.length;
    }
    return Promise.resolve(result);
  }
}
