import { randomUUID } from 'node:crypto';
import {
  ConfigError,
  connectMongo,
  createLogger,
  createMetrics,
  runService,
  systemClock,
} from '@switchboard/service-kit';
import { chatConfig } from './config.ts';
import { startChat } from './start-chat.ts';

const nodeId = `chat-${randomUUID()}`;
const bootLogger = createLogger({ level: 'info', service: 'chat', nodeId });

await runService(
  async ({ readiness }) => {
    const config = chatConfig.parse(process.env);
    const logger = createLogger({ level: config.LOG_LEVEL, service: 'chat', nodeId });
    const metrics = createMetrics({ service: 'chat' });
    if (!config.MONGO_URL) throw new ConfigError(['MONGO_URL is missing; it must name the database']);
    const mongo = await connectMongo(config.MONGO_URL, { logger, appName: nodeId });
    try {
      const chat = await startChat(config, {
        mongo,
        logger,
        metrics,
        clock: systemClock,
        checks: [readiness],
      });
      return {
        async [Symbol.asyncDispose]() {
          await chat[Symbol.asyncDispose]();
          await mongo[Symbol.asyncDispose]();
        },
      };
    } catch (error) {
      await mongo[Symbol.asyncDispose]();
      throw error;
    }
  },
  { logger: bootLogger },
);
