import type { Bus, Clock, RateLimits } from '@switchboard/ports';
import { createTokenKey } from '../auth/access-token.ts';
import { createSessionVerifier } from '../auth/session-verifier.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import type { MongoHandle } from '../mongo/connect-mongo.ts';
import { createOwner } from '../owner.ts';
import type { HealthCheck, Service } from '../service.ts';
import { createHttpApp, type HttpAppOptions } from './http-app.ts';
import { listen } from './listen.ts';

/** What a service that answers over HTTP and the bus alone is given by its host. */
export interface ServiceEngines {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly mongo: MongoHandle;
  readonly rates: RateLimits;
}

/** Engines of the host, and what `/readyz` asks beside the service's own. */
export type ServiceOverrides<Deps extends ServiceEngines> = Partial<Deps> & {
  readonly checks?: readonly HealthCheck[];
};

export interface RunningService extends AsyncDisposable {
  /** e.g. `http://127.0.0.1:3002`. */
  readonly url: string;
  /** Requests in hand are finished, and nobody new is let in; what comes over the bus is answered until the service is closed. */
  drain(withinMs: number): Promise<void>;
}

export interface ServiceStart<Deps extends ServiceEngines> {
  /** As messages and logs call it. */
  readonly name: string;
  readonly config: Pick<HttpAppOptions, 'trustProxy'> & {
    readonly host: string;
    readonly port: number;
    readonly clientOrigins: HttpAppOptions['clientOrigins'];
    readonly jwtSecret: Parameters<typeof createTokenKey>[0];
  };
  readonly presentError: HttpAppOptions['presentError'];
  readonly create: (deps: Deps) => Promise<Service>;
}

const NEEDED = ['bus', 'clock', 'logger', 'metrics', 'mongo', 'rates'] as const;

/**
 * A service with an HTTP server of its own. The engines come from the host: a process that made up its own in memory would be alone and
 * not know it.
 * @throws ConfigError naming what is missing.
 */
export async function startService<Deps extends ServiceEngines>(
  { name, config, presentError, create }: ServiceStart<Deps>,
  overrides: ServiceOverrides<Deps>,
): Promise<RunningService> {
  if (!isComplete(overrides)) {
    const missing = NEEDED.filter((engine) => overrides[engine] === undefined);
    throw new ConfigError([`A ${name} process needs engines for: ${missing.join(', ')}`]);
  }
  const { bus, clock, logger, metrics, checks = [] } = overrides;
  const owner = createOwner();
  try {
    const verifier = owner.own(createSessionVerifier({ key: createTokenKey(config.jwtSecret), bus, clock }));
    const service = owner.own(await create(overrides));
    const app = createHttpApp({
      routes: service.routes,
      presentError,
      verifier,
      clientOrigins: config.clientOrigins,
      logger,
      metrics,
      checks: [...service.checks, ...checks],
      trustProxy: config.trustProxy,
    });
    const server = await listen(app, { host: config.host, port: config.port });
    // Closed first: requests in hand still find the service behind them.
    owner.defer(() => server.close());
    logger.info({ url: server.url }, `${name} listens`);
    return {
      url: server.url,
      drain: (withinMs) => server.close(withinMs),
      [Symbol.asyncDispose]: () => owner[Symbol.asyncDispose](),
    };
  } catch (error) {
    await owner[Symbol.asyncDispose]();
    throw error;
  }
}

function isComplete<Deps extends ServiceEngines>(
  overrides: ServiceOverrides<Deps>,
): overrides is ServiceOverrides<Deps> & Deps {
  return NEEDED.every((engine) => overrides[engine] !== undefined);
}
