import { randomUUID } from 'node:crypto';
import { createLogger, createMetrics, runService, systemClock } from '@switchboard/service-kit';
import { signalingConfig } from './config.ts';
import { startSignaling } from './start-signaling.ts';

const nodeId = `signaling-${randomUUID()}`;
const bootLogger = createLogger({ level: 'info', service: 'call-signaling', nodeId });

await runService(
  async ({ readiness }) => {
    const config = signalingConfig.parse(process.env);
    const logger = createLogger({ level: config.LOG_LEVEL, service: 'call-signaling', nodeId });
    const metrics = createMetrics({ service: 'call-signaling' });
    return startSignaling(config, { logger, metrics, clock: systemClock, checks: [readiness] });
  },
  { logger: bootLogger },
);
