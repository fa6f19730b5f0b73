import { createNatsBus } from '@switchboard/engine-nats';
import { connectRedis, createRedisRateLimits, type RedisHandle } from '@switchboard/engine-redis';
import type { Bus, Clock, RateLimits } from '@switchboard/ports';
import type { NodeId } from '@switchboard/protocol';
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
 * @throws ConfigError naming every variable that is missing; SwitchboardError, naming the variable, when one of the servers cannot be reached or is too old.
 */
export async function connectEngines(
  settings: ClusterSettings,
  parts: ConnectParts,
  owner: Owner,
): Promise<Engines> {
  const { MONGO_URL, NATS_URL, REDIS_URL, NATS_REPLICAS: replicas } = assertCluster(settings);
  const { nodeId, logger, metrics } = parts;
  const busUp = metrics.gauge('bus_up', 'Whether the bus is connected');
  const mongo = owner.own(await connectMongo(MONGO_URL, { logger, appName: nodeId }));
  const redis = owner.own(
    await connectRedis({
      url: REDIS_URL,
      onError: (err) => logger.warn({ err: err.message }, 'Redis connection'),
    }),
  );
  const bus = await createNatsBus({
    url: NATS_URL,
    name: nodeId,
    replicas,
    logger,
    onChange(up) {
      busUp.set(up ? 1 : 0);
      if (up) logger.info('the bus is back');
      else logger.warn('the bus is away');
    },
  });
  owner.defer(() => bus.close());
  busUp.set(1);
  countDeadLetters(bus, metrics);
  return {
    ...parts,
    bus,
    clock: systemClock,
    mongo,
    rates: createRedisRateLimits(redis.client),
    redis,
    checks: [{ name: 'redis', check: () => redis.ping() }],
  };
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

/** Asked when the metrics are, for the bus only counts. */
function countDeadLetters(bus: Bus, metrics: Metrics): void {
  const gauge = metrics.gauge('bus_dead_letters', 'Events that this process set aside');
  const { registry } = metrics;
  const expose = registry.metrics.bind(registry);
  registry.metrics = () => {
    gauge.set(bus.health().deadLetters);
    return expose();
  };
}
