import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Catalog } from './catalog.ts';
import { Connection } from './connection.ts';
import { GroupCommit } from './group-commit.ts';
import { lockDataDir } from './lock.ts';

const FORMAT = 1;

/** The open data directory: one connection that writes, one that reads what is committed. */
export class Store {
  readonly writer: Connection;
  readonly reader: Connection;
  readonly catalog: Catalog;
  readonly commits: GroupCommit;
  private readonly lock: { release(): void };

  /**
   * @param hooks.onCommit called after each fsynced commit
   * @throws DataDirLockedError when another process has the directory open
   */
  constructor(dataDir: string, hooks: { onCommit(): void }) {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    this.lock = lockDataDir(dataDir);
    const file = join(dataDir, 'store.db');
    this.writer = new Connection(file);
    // FULL in WAL mode: the log is fsynced at every commit.
    this.writer.rows('PRAGMA journal_mode = WAL');
    this.writer.exec('PRAGMA synchronous = FULL');
    this.checkFormat(dataDir);
    this.catalog = new Catalog(this.writer);
    this.reader = new Connection(file);
    this.reader.exec('PRAGMA query_only = ON');
    this.commits = new GroupCommit(this.writer, { ...hooks, onRollback: () => this.catalog.load() });
  }

  close(): void {
    this.commits.flush();
    this.reader.close();
    this.writer.rows('PRAGMA wal_checkpoint(TRUNCATE)');
    this.writer.close();
    this.lock.release();
  }

  private checkFormat(dataDir: string): void {
    const version = this.writer.rows('PRAGMA user_version')[0]?.[0];
    if (version === 0) this.writer.exec(`PRAGMA user_version = ${FORMAT}`);
    else if (version !== FORMAT)
      throw new Error(`${dataDir} was written by another version (format ${String(version)})`);
  }
}
