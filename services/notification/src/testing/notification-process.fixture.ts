import { createMemoryBus, createMemoryRateLimits } from '@switchboard/engine-memory';
import { systemClock as clock, connectMongo, createLogger, createMetrics } from '@switchboard/service-kit';
import { notificationConfig } from '../config.ts';
import { startNotification } from '../start-notification.ts';

/** Notification as a process of its own, for tests that kill it; it prints `ready`, and lives until it is killed. */
const config = notificationConfig.parse(process.env);
const logger = createLogger({ level: 'warn', service: 'notification', nodeId: String(process.pid) });
const mongo = await connectMongo(process.env.MONGO_URL ?? '', { logger, appName: 'notification' });
await startNotification(config, {
  bus: createMemoryBus({ clock }),
  clock,
  logger,
  metrics: createMetrics({ service: 'notification' }),
  mongo,
  rates: createMemoryRateLimits({ clock }),
});
process.stdout.write('ready\n');
