import { presentRestErrorAt } from '@switchboard/dialects';
import {
  ConfigError,
  createHttpApp,
  createSessionVerifier,
  createTokenKey,
  type HealthCheck,
  listen,
  type Service,
} from '@switchboard/service-kit';
import type { NotificationConfig } from './config.ts';
import type { NotificationDeps } from './context.ts';
import { createNotification } from './create-notification.ts';

export interface NotificationOverrides extends Partial<NotificationDeps> {
  /** Asked by `/readyz` beside the service's own. */
  readonly checks?: readonly HealthCheck[];
}

export interface RunningNotification extends AsyncDisposable, Pick<Service, 'drain'> {
  /** e.g. `http://127.0.0.1:3004`. */
  readonly url: string;
}

const NEEDED = ['bus', 'clock', 'logger', 'metrics', 'mongo', 'rates'] as const;

/**
 * Notification with an HTTP server of its own. The engines come from the host: a process that made up its own in memory would be alone and
 * not know it.
 * @throws ConfigError naming what is missing.
 */
export async function startNotification(
  config: NotificationConfig,
  overrides: NotificationOverrides = {},
): Promise<RunningNotification> {
  const { checks = [], ...deps } = overrides;
  if (!isComplete(deps)) {
    const missing = NEEDED.filter((name) => deps[name] === undefined);
    throw new ConfigError([`A notification process needs engines for: ${missing.join(', ')}`]);
  }
  const { bus, clock, logger, metrics } = deps;
  const service = await createNotification(config, deps);
  const verifier = createSessionVerifier({ key: createTokenKey(config.JWT_SECRET), bus, clock });
  const stop = async (): Promise<void> => {
    await service[Symbol.asyncDispose]();
    await verifier[Symbol.asyncDispose]();
  };
  try {
    const app = createHttpApp({
      routes: service.routes,
      presentError: presentRestErrorAt,
      verifier,
      clientOrigins: config.CLIENT_URL,
      logger,
      metrics,
      checks: [...service.checks, ...checks],
      trustProxy: config.TRUST_PROXY,
    });
    const server = await listen(app, { host: config.HOST, port: config.PORT });
    logger.info({ url: server.url }, 'notification listens');
    return {
      url: server.url,
      // Requests in hand are finished, and nobody new is let in; what comes over the bus is answered until the service is closed.
      drain: (withinMs) => server.close(withinMs),
      async [Symbol.asyncDispose]() {
        // The server first: requests in hand still find the service behind them.
        await server.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function isComplete(deps: Partial<NotificationDeps>): deps is NotificationDeps {
  return NEEDED.every((name) => deps[name] !== undefined);
}
