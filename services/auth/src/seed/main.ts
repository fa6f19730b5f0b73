import { ConfigError, connectMongo, createLogger, systemClock } from '@switchboard/service-kit';
import { authConfig } from '../config.ts';
import { seedAuth } from './seed-auth.ts';

const config = authConfig.parse(process.env);
if (!config.MONGO_URL) {
  throw new ConfigError([{ variable: 'MONGO_URL', problem: 'is missing; it names the database to seed' }]);
}
const logger = createLogger({ level: config.LOG_LEVEL, service: 'auth-seed', nodeId: String(process.pid) });
await using mongo = await connectMongo(config.MONGO_URL, { logger, appName: 'switchboard-seed' });
const { demo, admin } = await seedAuth(config, { mongo, logger, clock: systemClock });
for (const { username, password } of demo)
  process.stdout.write(`demo user ${username}, password ${password}\n`);
if (admin) {
  const password = admin.password === undefined ? '' : `, password ${admin.password} (shown this once)`;
  process.stdout.write(`administrator ${admin.username}${password}\n`);
}
