import { authFields } from '@switchboard/auth/config';
import { assertSignalingConfig, signalingFields } from '@switchboard/call-signaling/config';
import { chatFields } from '@switchboard/chat/config';
import { notificationFields } from '@switchboard/notification/config';
import { ConfigError, commonConfig, defineConfig, type Env, fields } from '@switchboard/service-kit/config';
import { withDevelopmentSecrets } from './development-secrets.ts';

/** Everything the four services can be told, and where this process keeps its data. */
export const allInOneConfig = defineConfig({
  ...commonConfig,
  ...authFields,
  ...chatFields,
  ...signalingFields,
  ...notificationFields,
  /** Holds the database and, in development, the generated secrets. */
  DATA_DIR: fields.text('./data'),
  /** Whether the contracts are published at /docs, /openapi.json and /asyncapi.json. */
  API_DOCS: fields.boolean(true),
});

export type AllInOneConfig = ReturnType<typeof allInOneConfig.parse>;

/**
 * The settings of this process from its environment. Development gets demo users and secrets of its own unless told otherwise.
 * @throws ConfigError
 */
export function readConfig(env: Env): AllInOneConfig {
  const production = env.NODE_ENV === 'production';
  const complete = withDevelopmentSecrets({ SEED_DEMO: String(!production), ...defined(env) });
  const config = allInOneConfig.parse(complete);
  refuseClusterSettings(config);
  assertSignalingConfig(config);
  if (production && config.SEED_DEMO) {
    throw new ConfigError([
      'SEED_DEMO must be false in production: the password of the demo users is public',
    ]);
  }
  return config;
}

/** An empty variable counts as absent, so it must not hide a default. */
function defined(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
}

/**
 * One process on memory engines must never be one of several: a server named in the environment says that somebody means
 * a cluster, and serving half of one would split presence and calls in silence.
 */
function refuseClusterSettings(config: AllInOneConfig): void {
  const named = (['MONGO_URL', 'NATS_URL', 'REDIS_URL'] as const).filter(
    (name) => config[name] !== undefined,
  );
  if (named.length === 0) return;
  throw new ConfigError([
    `${named.join(', ')} set: the all-in-one runs by itself, on memory engines and its embedded database; unset to run it`,
  ]);
}
