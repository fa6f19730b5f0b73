import { join, resolve } from 'node:path';
import { DataDirLockedError, type EmbeddedMongo, startEmbeddedMongo } from '@switchboard/embedded-mongo';
import { ConfigError } from '@switchboard/service-kit/config';
import type { Logger } from '@switchboard/service-kit/process';

/**
 * The embedded database of this process, under DATA_DIR.
 * @throws ConfigError when another process has the folder: two of these side by side would each be a server of its own.
 */
export async function openDatabase(dataDir: string, log: Logger): Promise<EmbeddedMongo> {
  try {
    return await startEmbeddedMongo({ dataDir: join(dataDir, 'database'), log });
  } catch (error) {
    if (!(error instanceof DataDirLockedError)) throw error;
    throw new ConfigError([
      {
        variable: 'DATA_DIR',
        problem: `(${resolve(dataDir)}) is in use by another process: stop it, or name another folder`,
      },
    ]);
  }
}
