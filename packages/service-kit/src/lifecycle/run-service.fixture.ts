import {
  commonConfig,
  createHttpApp,
  createLogger,
  createMetrics,
  defineConfig,
  listen,
  route,
  runService,
} from '../index.ts';

/** A small service for the lifecycle test, which launches this file as a process and names what shall go wrong. */
const mode = process.argv[2];
const logger = createLogger({ level: 'info', service: 'fixture', nodeId: 'n' });
const common = { method: 'get', dialect: null, access: 'anonymous', summary: 'x', replies: {} } as const;

await runService(
  async ({ readiness }) => {
    if (mode === 'bad-config') defineConfig(commonConfig).parse({ PORT: 'x' });
    if (mode === 'fail-start') throw new Error('no room');
    if (mode === 'slow-start') {
      logger.info('starting');
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = route({
      ...common,
      path: '/slow',
      async handle() {
        logger.info('slow request in hand');
        await released;
        return { status: 200, body: 'finished' };
      },
    });
    const releasing = route({
      ...common,
      path: '/release',
      async handle() {
        release();
        return { status: 200 };
      },
    });
    const app = createHttpApp({
      routes: [slow, releasing],
      presentError: (rejection) => ({ status: 500, body: rejection }),
      clientOrigins: [],
      logger,
      metrics: createMetrics({ service: 'fixture' }),
      checks: [readiness],
      trustProxy: false,
    });
    const listening = await listen(app, { host: '127.0.0.1', port: 0 });
    logger.info(`started at ${listening.url} `);
    if (mode === 'reject') void Promise.reject(new Error('lost'));
    if (mode === 'throw') {
      setImmediate(() => {
        throw new Error('lost');
      });
    }
    return {
      async drain() {
        logger.info('draining');
        if (mode === 'slow-drain') await released;
        if (mode === 'stuck') await new Promise(() => undefined);
        if (mode === 'fail-stop') throw new Error('cannot stop');
        logger.info('drained');
      },
      async [Symbol.asyncDispose]() {
        await listening.close();
        logger.info('disposed');
      },
    };
  },
  { logger, shutdownMs: mode === 'stuck' ? 300 : 10_000 },
);
