import { CommandError } from '../errors.ts';
import { type Connection, sqliteCode } from './connection.ts';

interface Batch {
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Writes of one turn of the event loop share a transaction, and so one fsync. A writer changes rows synchronously after `begin`
 * and acknowledges when the promise it got there resolves; when the commit fails, everybody in the batch is told and nothing of it remains.
 */
export class GroupCommit {
  /** How many batches were given up. */
  rollbacks = 0;
  private batch: Batch | undefined;
  private failure: Error | undefined;
  private readonly writer: Connection;
  private readonly onCommit: () => void;
  private readonly onRollback: () => void;

  constructor(writer: Connection, hooks: { onCommit(): void; onRollback(): void }) {
    this.writer = writer;
    this.onCommit = () => hooks.onCommit();
    this.onRollback = () => hooks.onRollback();
  }

  /** What is not on disk yet settles with this; undefined when everything is. */
  get open(): Promise<void> | undefined {
    return this.batch?.done;
  }

  /** @returns what resolves when the batch is on disk, and rejects with a CommandError when it could not be put there */
  begin(): Promise<void> {
    if (this.failure !== undefined) throw storageError(this.failure);
    if (this.batch !== undefined) return this.batch.done;
    try {
      this.writer.exec('BEGIN IMMEDIATE');
    } catch (error) {
      throw storageError(error);
    }
    const batch = newBatch();
    this.batch = batch;
    setImmediate(() => {
      if (this.batch === batch) this.flush();
    });
    return batch.done;
  }

  /** Commits now, for changes to the catalog, which nobody may see before they are certain. */
  flush(): void {
    const { batch } = this;
    if (batch === undefined) return;
    try {
      this.writer.exec('COMMIT');
    } catch (error) {
      this.abort(error);
      return;
    }
    this.batch = undefined;
    this.onCommit();
    batch.resolve();
  }

  /** Gives up the whole batch after a fault of the storage in the middle of a write. */
  abort(error: unknown): CommandError {
    const { batch } = this;
    this.batch = undefined;
    this.rollbacks++;
    // After a failed fsync the kernel may have dropped the pages and will not say so again: only a restart shows what is on disk.
    if (sqliteCode(error)?.startsWith('SQLITE_IOERR')) this.failure = toError(error);
    try {
      if (this.writer.inTransaction) this.writer.exec('ROLLBACK');
    } catch (rollbackError) {
      this.failure ??= toError(rollbackError);
    }
    const reported = storageError(error);
    this.onRollback();
    batch?.reject(reported);
    return reported;
  }
}

function newBatch(): Batch {
  const { promise, resolve, reject } = withResolvers();
  // A batch may fail while none of its writers waits yet.
  promise.catch(() => undefined);
  return { done: promise, resolve, reject };
}

function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function storageError(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  const code = sqliteCode(error);
  if (code === 'SQLITE_FULL')
    return new CommandError(14031, 'the disk is full; the write was not stored', { cause: error });
  return new CommandError(1, `the write could not be stored (${code ?? 'storage error'})`, { cause: error });
}
