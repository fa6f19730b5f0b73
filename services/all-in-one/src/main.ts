import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '@switchboard/service-kit/config';
import { createLogger, runService } from '@switchboard/service-kit/process';
import { banner } from './banner.ts';
import { keepCompiledCode } from './compile-cache.ts';
import { type AllInOneConfig, readConfig } from './config.ts';
import { openDatabase } from './open-database.ts';

const webClient = fileURLToPath(new URL('../../../packages/web/dist', import.meta.url));

function configOrExit(): AllInOneConfig {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

const config = configOrExit();
const logger = createLogger({
  level: config.LOG_LEVEL,
  service: 'all-in-one',
  nodeId: String(process.pid),
  pretty: process.stdout.isTTY,
});

await runService(
  async ({ readiness }) => {
    // Its thread gets ready while this one loads everything else.
    const database = openDatabase(config.DATA_DIR, logger);
    // Why it could not be opened is thrown where it is waited for.
    database.catch(() => undefined);
    keepCompiledCode(join(config.DATA_DIR, 'compile-cache'));
    const { startAllInOne } = await import('./start-all-in-one.ts');
    const running = await startAllInOne(config, { logger, database, checks: [readiness], webClient });
    process.stdout.write(
      banner({
        url: running.url,
        dataDir: resolve(config.DATA_DIR),
        seeded: running.seeded,
      }),
    );
    // A supervisor's restart brings it back; serving on without a database would not.
    void running.databaseEnded.then((err) => {
      if (!err) return;
      logger.fatal({ err }, 'the embedded database is gone');
      process.exit(1);
    });
    return running;
  },
  { logger },
);
