import { createLogger, runService } from '@switchboard/service-kit';
import { authConfig } from './config.ts';
import { startAuth } from './start-auth.ts';

const nodeId = String(process.pid);
const logger = createLogger({ level: 'info', service: 'auth', nodeId });

await runService(
  async ({ readiness }) => startAuth(authConfig.parse(process.env), { nodeId, checks: [readiness] }),
  { logger },
);
