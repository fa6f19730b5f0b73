import { createLogger, type Route } from '../../packages/service-kit/src/index.ts';
import { readConfig, startAllInOne } from '../../services/all-in-one/src/index.ts';
import { temporaryFolder } from '../harness/server-process.ts';

/** What service-kit mounts beside the services' routes, for operators; none looks at a token. */
export const OPERATORS_ROUTES = ['/livez', '/readyz', '/health', '/metrics'] as const;

/** Every route that the all-in-one mounts, as the services hand them over. */
export async function mountedRoutes(): Promise<readonly Route[]> {
  const data = await temporaryFolder();
  try {
    const config = readConfig({
      NODE_ENV: 'test',
      DATA_DIR: data.path,
      PORT: '0',
      BCRYPT_COST: '4',
      SEED_DEMO: 'false',
    });
    const logger = createLogger({ level: 'silent', service: 'contract', nodeId: 'contract' });
    await using running = await startAllInOne(config, { logger });
    return running.routes;
  } finally {
    await data.remove();
  }
}
