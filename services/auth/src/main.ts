import { createLogger, runService } from '@switchboard/service-kit';
import { authConfig } from './config.ts';
import { startAuth } from './start-auth.ts';

const logger = createLogger({
  level: process.env['LOG_LEVEL'] ?? 'info',
  service: 'auth',
  nodeId: String(process.pid),
});

await runService(
  async ({ readiness }) => startAuth(authConfig.parse(process.env), { logger, checks: [readiness] }),
  { logger },
);
