// `npm run seed`: the demo users (unless SEED_DEMO=false) and the first administrator, without starting the server. An ADMIN_PASSWORD
// given here also becomes the password of an administrator who is there already.
import { seedAuth } from '@switchboard/auth';
import { ConfigError, connectMongo, createLogger, createOwner, systemClock } from '@switchboard/service-kit';
import { readConfig } from './config.ts';
import { openDatabase } from './open-database.ts';

const owner = createOwner();
try {
  const config = readConfig(process.env);
  const logger = createLogger({ level: 'warn', service: 'seed', nodeId: String(process.pid) });
  const database = owner.own(await openDatabase(config.DATA_DIR, logger));
  const mongo = owner.own(await connectMongo(database.url, { logger, appName: 'seed' }));
  const { demo, admin } = await seedAuth(config, { clock: systemClock, logger, mongo });
  for (const { username, password } of demo)
    process.stdout.write(`demo user      ${username} / ${password}\n`);
  if (admin)
    process.stdout.write(`administrator  ${admin.username}${admin.password ? ` / ${admin.password}` : ''}\n`);
} catch (error) {
  process.exitCode = 1;
  const known = error instanceof ConfigError;
  process.stderr.write(`${known ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
} finally {
  await owner[Symbol.asyncDispose]();
}
