import { CommandError } from '../errors.ts';
import type { Collection } from '../store/collection.ts';
import { sqliteCode } from '../store/connection.ts';
import { Store } from '../store/store.ts';
import { Counters } from './counters.ts';
import { Cursors } from './cursors.ts';
import { Mutexes } from './mutex.ts';
import { Turns } from './pace.ts';

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface EngineOptions {
  readonly dataDir: string;
  readonly log: Log;
  readonly counters?: Counters;
  readonly now?: () => number;
  readonly maxCursors?: number;
  readonly cursorTimeoutMs?: number;
}

/** Begins the batch that a row change belongs to; to be called before each change. */
export type BeginWrite = () => void;

/** What the commands work with. */
export class Engine {
  readonly store: Store;
  readonly counters: Counters;
  readonly cursors: Cursors;
  readonly log: Log;
  readonly now: () => number;
  readonly turns = new Turns();
  private readonly mutexes = new Mutexes();

  /** @throws DataDirLockedError */
  constructor(options: EngineOptions) {
    this.log = options.log;
    this.now = options.now ?? Date.now;
    this.counters = options.counters ?? new Counters();
    this.store = new Store(options.dataDir, { onCommit: () => this.counters.add('commits') });
    this.cursors = new Cursors(
      {
        maxCursors: options.maxCursors ?? 1000,
        timeoutMs: options.cursorTimeoutMs ?? 600_000,
        now: this.now,
      },
      this.counters,
    );
  }

  /**
   * Runs the writes of one command on one collection: alone on it, so that finding a document and changing it is one step, but
   * leaving the collection before the commit, so that the next command shares it. Resolves when all of it is on disk.
   * @throws CommandError from `work`, after which what it had written before stays; or from the storage, after which nothing does
   */
  async write<T>(namespace: string, work: (begin: BeginWrite) => Promise<T>): Promise<T> {
    const batches = new Set<Promise<void>>();
    try {
      return await this.mutexes.exclusively(namespace, async () => {
        const { rollbacks } = this.store.commits;
        const begin = (): void => {
          // A pause let another command's fault undo a batch: what this one knows of the collection may be from before.
          if (this.store.commits.rollbacks !== rollbacks)
            throw new CommandError(1, 'interrupted by a storage fault');
          batches.add(this.store.commits.begin());
        };
        try {
          return await work(begin);
        } catch (error) {
          throw this.settleFault(error);
        } finally {
          // What it found, and answers from, may be another command's and not on disk yet: also when it changed nothing itself.
          const { open } = this.store.commits;
          if (open) batches.add(open);
        }
      });
    } finally {
      await Promise.all(batches);
    }
  }

  /** A change of the catalog. It is committed before anybody else runs, so that nobody can see one that fails to commit. */
  async define<T>(change: () => T): Promise<T> {
    this.store.commits.flush();
    const done = this.store.commits.begin();
    let result: T;
    try {
      result = change();
    } catch (error) {
      throw this.settleFault(error);
    }
    this.store.commits.flush();
    await done;
    return result;
  }

  collection(db: string, name: string): Collection | undefined {
    return this.store.catalog.find(db, name);
  }

  /** For a write to a collection, which creates it; inside `write`. */
  async ensureCollection(db: string, name: string): Promise<Collection> {
    return (
      this.collection(db, name) ??
      (await this.define(() => this.store.catalog.find(db, name) ?? this.store.catalog.create(db, name)))
    );
  }

  close(): void {
    this.store.close();
  }

  /** A refusal comes before the first changed row. Anything else may have left half a change behind, so the batch must go. */
  private settleFault(error: unknown): unknown {
    if (error instanceof CommandError) return error;
    const reported = this.store.commits.abort(error);
    this.log.error({ code: sqliteCode(error), err: error }, 'a write failed in the storage');
    return reported;
  }
}
