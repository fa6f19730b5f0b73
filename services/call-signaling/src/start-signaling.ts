import { presentRestErrorAt } from '@switchboard/dialects';
import {
  ConfigError,
  createHttpApp,
  createOwner,
  createSessionVerifier,
  createTokenKey,
  type HealthCheck,
  listen,
  type Owner,
  type Service,
} from '@switchboard/service-kit';
import type { SignalingProcessConfig } from './config.ts';
import { createSignaling, type SignalingDeps } from './create-signaling.ts';

export interface SignalingOverrides extends Partial<SignalingDeps> {
  /** Asked by `/readyz` beside the node's own. */
  readonly checks?: readonly HealthCheck[];
}

export interface RunningSignaling extends AsyncDisposable, Pick<Service, 'drain'> {
  /** e.g. `http://127.0.0.1:3003`. */
  readonly url: string;
}

/** What connections have for their goodbyes before they are cut. */
const GOODBYE_MS = 1_000;

const NEEDED = [
  'bus',
  'clock',
  'logger',
  'metrics',
  'mongo',
  'liveCalls',
  'presence',
  'roomPresence',
  'rates',
] as const;

/**
 * A signaling node with an HTTP server of its own. The engines come from the host: a node that made up its own in memory would be alone and
 * not know it.
 * @throws ConfigError naming what is missing; Error when it cannot listen. Whatever was started by then is closed.
 */
export async function startSignaling(
  config: SignalingProcessConfig,
  overrides: SignalingOverrides = {},
): Promise<RunningSignaling> {
  const { checks = [], ...deps } = overrides;
  if (!isComplete(deps)) {
    const missing = NEEDED.filter((name) => deps[name] === undefined);
    throw new ConfigError([`A signaling process needs engines for: ${missing.join(', ')}`]);
  }
  const owned = createOwner();
  try {
    return await start(config, deps, checks, owned);
  } catch (error) {
    await owned[Symbol.asyncDispose]();
    throw error;
  }
}

async function start(
  config: SignalingProcessConfig,
  deps: SignalingDeps,
  checks: readonly HealthCheck[],
  owned: Owner,
): Promise<RunningSignaling> {
  const { bus, clock, logger, metrics } = deps;
  const key = createTokenKey(config.JWT_SECRET);
  const verifier = deps.verifier ?? owned.own(createSessionVerifier({ key, bus, clock }));
  const service = owned.own(await createSignaling(config, { ...deps, verifier }));
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
  const server = await listen(app, {
    host: config.HOST,
    port: config.PORT,
    attach: (http) => service.attach?.(http),
  });
  owned.defer(async () => {
    const closed = server.close(GOODBYE_MS);
    // Sockets would keep the server open; after a drain there are none left but those that never answer.
    await service.drain?.(0);
    await closed;
  });
  logger.info({ url: server.url }, 'call-signaling listens');
  return {
    url: server.url,
    drain: async (withinMs) => service.drain?.(withinMs),
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

function isComplete(deps: Partial<SignalingDeps>): deps is SignalingDeps {
  return NEEDED.every((name) => deps[name] !== undefined);
}
