import { join } from 'node:path';
import { Connection, sqliteCode } from './connection.ts';
import { DataDirLockedError } from './data-dir-locked-error.ts';

/**
 * Holds the data directory for this process. The lock is a file lock of the operating system, so it ends with the process however
 * that dies, and a stale one cannot exist.
 * @throws DataDirLockedError when somebody holds it already
 */
export function lockDataDir(dataDir: string): { release(): void } {
  const connection = new Connection(join(dataDir, 'lock.db'));
  try {
    connection.exec('PRAGMA locking_mode = EXCLUSIVE');
    connection.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    connection.close();
    if (sqliteCode(error)?.startsWith('SQLITE_BUSY')) {
      throw new DataDirLockedError(`the data directory ${dataDir} is in use by another process`, {
        cause: error,
      });
    }
    throw error;
  }
  return { release: () => connection.close() };
}
