import { createNatsBus } from '@switchboard/engine-nats';
import { connectRedis, createRedisRateLimits, type RedisHandle } from '@switchboard/engine-redis';
import type { Bus, Clock, RateLimits } from '@switchboard/ports';
import { type NodeId, SwitchboardError, unavailable } from '@switchboard/protocol';
import {
  ConfigError,
  connectMongo,
  type HealthCheck,
  type Logger,
  type Metrics,
  type MongoHandle,
  type Owner,
  systemClock,
} from '@switchboard/service-kit';

/** Where the servers are that make several processes one service. */
export interface ClusterSettings {
  readonly MONGO_URL?: string | undefined;
  readonly NATS_URL?: string | undefined;
  readonly REDIS_URL?: string | undefined;
  readonly NATS_REPLICAS: number;
}

/** What every service of a cluster works with; closed with its owner, in reverse order. */
export interface Engines {
  readonly nodeId: NodeId;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly mongo: MongoHandle;
  readonly rates: RateLimits;
  readonly redis: RedisHandle;
  /** Asked by readiness beside the service's own. */
  readonly checks: readonly HealthCheck[];
}

export interface ConnectParts {
  readonly nodeId: NodeId;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Connects to all three servers.
 * @throws ConfigError with everything that is wrong: variables that are missing, servers that cannot be reached, refuse the credentials, or are too old.
 */
export async function connectEngines(
  settings: ClusterSettings,
  parts: ConnectParts,
  owner: Owner,
): Promise<Engines> {
  const { MONGO_URL, NATS_URL, REDIS_URL, NATS_REPLICAS: replicas } = assertCluster(settings);
  const { nodeId, logger, metrics } = parts;
  const busUp = metrics.gauge('bus_up', 'Whether the bus is connected');
  let started = false;
  const connecting = [
    connectMongo(MONGO_URL, { logger, appName: nodeId }).catch(explainMongo),
    connectRedis({
      url: REDIS_URL,
      onError(err) {
        if (started) logger.warn({ err: err.message }, 'Redis connection');
      },
    }),
    createNatsBus({
      url: NATS_URL,
      name: nodeId,
      replicas,
      logger,
      onChange(up) {
        busUp.set(up ? 1 : 0);
        if (up) logger.info('the bus is back');
        else logger.warn('the bus is away');
      },
    }),
  ] as const;
  const [mongo, redis, bus] = await allConnected(connecting, owner);
  started = true;
  busUp.set(1);
  metrics.observed('bus_dead_letters', 'Events that this process set aside', () => bus.health().deadLetters);
  return {
    ...parts,
    bus,
    clock: systemClock,
    mongo,
    rates: createRedisRateLimits(redis.client),
    redis,
    checks: [
      { name: 'redis', check: () => redis.ping() },
      {
        name: 'bus',
        async check() {
          if (!bus.health().up) throw unavailable('the bus');
        },
      },
    ],
  };
}

type Connecting = readonly [Promise<MongoHandle>, Promise<RedisHandle>, Promise<Bus>];

/** What could be connected belongs to the owner; of the rest every problem is told at once. */
async function allConnected(
  connecting: Connecting,
  owner: Owner,
): Promise<readonly [MongoHandle, RedisHandle, Bus]> {
  const [mongo, redis, bus] = await Promise.allSettled(connecting);
  if (mongo.status === 'fulfilled') owner.own(mongo.value);
  if (redis.status === 'fulfilled') owner.own(redis.value);
  if (bus.status === 'fulfilled') owner.defer(() => bus.value.close());
  if (mongo.status === 'fulfilled' && redis.status === 'fulfilled' && bus.status === 'fulfilled') {
    return [mongo.value, redis.value, bus.value];
  }
  const failures = [mongo, redis, bus].flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
  const fault = failures.find((each) => !(each instanceof SwitchboardError));
  if (fault) throw fault;
  throw new ConfigError(failures.map((each: SwitchboardError) => each.message));
}

/** The driver's words for what an operator can mend; never the URL, which may hold a password. */
function explainMongo(cause: unknown): never {
  const said: string[] = [];
  for (let error = cause; error instanceof Error; error = error.cause) said.push(error.message);
  const words = said.join('\n');
  const message = /wire version/i.test(words)
    ? 'The database that MONGO_URL names is too old: update it, or name another'
    : /auth/i.test(words)
      ? 'The database refuses the credentials; check the user and the password in MONGO_URL'
      : 'The database does not answer; check that it runs and that MONGO_URL names it';
  throw new SwitchboardError({ code: 'SERVICE_UNAVAILABLE', message }, { cause });
}

interface Complete {
  readonly MONGO_URL: string;
  readonly NATS_URL: string;
  readonly REDIS_URL: string;
  readonly NATS_REPLICAS: number;
}

function assertCluster(settings: ClusterSettings): Complete {
  const { MONGO_URL, NATS_URL, REDIS_URL, NATS_REPLICAS } = settings;
  if (MONGO_URL && NATS_URL && REDIS_URL) return { MONGO_URL, NATS_URL, REDIS_URL, NATS_REPLICAS };
  const missing = (['MONGO_URL', 'NATS_URL', 'REDIS_URL'] as const).filter((name) => !settings[name]);
  throw new ConfigError(
    missing.map((variable) => ({
      variable,
      problem:
        'is missing: a service of a cluster needs MONGO_URL, NATS_URL and REDIS_URL; one machine needs none of them, with `npm start`',
    })),
  );
}
