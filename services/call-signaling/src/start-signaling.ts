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

const NEEDED = ['bus', 'clock', 'logger', 'metrics', 'mongo', 'liveCalls', 'presence', 'rates'] as const;

/**
 * A signaling node with an HTTP server of its own. The engines come from the host: a node that made up its own in memory would be alone and
 * not know it.
 * @throws ConfigError naming what is missing.
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
  const { bus, clock, logger, metrics } = deps;
  const ownVerifier = deps.verifier
    ? undefined
    : createSessionVerifier({ key: createTokenKey(config.JWT_SECRET), bus, clock });
  const verifier = deps.verifier ?? ownVerifier;
  const service = await createSignaling(config, { ...deps, ...(verifier ? { verifier } : {}) });
  const app = createHttpApp({
    routes: service.routes,
    presentError: presentRestErrorAt,
    ...(verifier ? { verifier } : {}),
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
  logger.info({ url: server.url }, 'call-signaling listens');
  return {
    url: server.url,
    drain: async (withinMs) => service.drain?.(withinMs),
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await server.close();
      await ownVerifier?.[Symbol.asyncDispose]();
    },
  };
}

function isComplete(deps: Partial<SignalingDeps>): deps is SignalingDeps {
  return NEEDED.every((name) => deps[name] !== undefined);
}
