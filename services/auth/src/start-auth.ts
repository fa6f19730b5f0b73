import { presentRestErrorAt } from '@switchboard/dialects';
import {
  ConfigError,
  connectMongo,
  createHttpApp,
  createLogger,
  createMetrics,
  createOwner,
  createSessionVerifier,
  createTokenKey,
  type HealthCheck,
  listen,
  type Owner,
  type Route,
  systemClock,
} from '@switchboard/service-kit';
import type { AuthConfig } from './config.ts';
import { type AuthDeps, createAuth } from './create-auth.ts';
import type { Seeded } from './seed/seed.ts';

export interface StartedAuth extends AsyncDisposable {
  /** Where it listens, e.g. `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly seeded: Seeded;
  /** Finishes requests in hand, takes no new ones. */
  drain(withinMs: number): Promise<void>;
}

export interface StartOverrides extends Partial<AuthDeps> {
  /** Further conditions of readiness, such as the process's lifecycle. */
  readonly checks?: readonly HealthCheck[];
  readonly nodeId?: string;
  /** Served beside the service's own: what a cluster shows of itself. */
  readonly routes?: readonly Route[];
  /** Folder of the built web client; none is served without it. */
  readonly webClient?: string;
}

/**
 * The service with an HTTP server of its own. What is given in `overrides` stays the caller's.
 * @throws ConfigError when neither the settings nor `overrides` say which bus, counters or database to use: nodes that do not share
 * them would each be a service of its own.
 */
export async function startAuth(config: AuthConfig, overrides: StartOverrides = {}): Promise<StartedAuth> {
  const owned = createOwner();
  try {
    return await start(config, overrides, owned);
  } catch (error) {
    await owned[Symbol.asyncDispose]();
    throw error;
  }
}

async function start(config: AuthConfig, overrides: StartOverrides, owned: Owner): Promise<StartedAuth> {
  const deps = await connect(config, overrides, owned);
  const { bus, clock, logger, metrics } = deps;
  const auth = owned.own(await createAuth(config, deps));
  const key = createTokenKey(config.JWT_SECRET);
  const verifier = owned.own(createSessionVerifier({ key, bus, clock }));
  const app = createHttpApp({
    routes: [...auth.routes, ...(overrides.routes ?? [])],
    presentError: presentRestErrorAt,
    verifier,
    clientOrigins: config.CLIENT_URL,
    logger,
    metrics,
    checks: [...auth.checks, ...(overrides.checks ?? [])],
    trustProxy: config.TRUST_PROXY,
    ...(overrides.webClient === undefined ? {} : { static: overrides.webClient }),
  });
  const server = await listen(app, { host: config.HOST, port: config.PORT });
  owned.own({ [Symbol.asyncDispose]: () => server.close() });
  logger.info({ url: server.url }, 'auth listens');
  return {
    url: server.url,
    seeded: auth.seeded,
    drain: (withinMs) => server.close(withinMs),
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

async function connect(config: AuthConfig, overrides: StartOverrides, owned: Owner): Promise<AuthDeps> {
  const { bus, rates, mongo } = overrides;
  const url = config.MONGO_URL;
  const problems = [
    ...(bus ? [] : [{ variable: 'NATS_URL', problem: 'names a bus that this build has no engine for' }]),
    ...(rates ? [] : [{ variable: 'REDIS_URL', problem: 'names a store that this build has no engine for' }]),
    ...(mongo || url ? [] : [{ variable: 'MONGO_URL', problem: 'is missing; it must be a mongodb:// URL' }]),
  ];
  if (!bus || !rates || problems.length > 0) throw new ConfigError(problems);
  const logger =
    overrides.logger ??
    createLogger({
      level: config.LOG_LEVEL,
      service: 'auth',
      nodeId: overrides.nodeId ?? String(process.pid),
    });
  return {
    bus,
    rates,
    logger,
    clock: overrides.clock ?? systemClock,
    metrics: overrides.metrics ?? createMetrics({ service: 'auth' }),
    mongo: mongo ?? owned.own(await connectMongo(url ?? '', { logger, appName: 'switchboard-auth' })),
  };
}
