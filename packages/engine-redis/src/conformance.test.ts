import { randomUUID } from 'node:crypto';
import {
  liveCallsConformance,
  presenceConformance,
  rateLimitsConformance,
  roomPresenceConformance,
} from '@switchboard/ports/conformance';
import { afterAll, beforeAll, describe } from 'vitest';
import {
  connectRedis,
  createRedisLiveCalls,
  createRedisPresence,
  createRedisRateLimits,
  createRedisRoomPresence,
  type RedisHandle,
} from './index.ts';
import { startTestRedis, startTestRedisCluster, type TestRedis } from './testing/test-redis.ts';

describe.skipIf(process.env.SWITCHBOARD_MISSING_PROGRAMS).each([
  ['one server', startTestRedis],
  ['a cluster of three', startTestRedisCluster],
] as const)('Redis, %s', { retry: 0 }, (name, start) => {
  let server: TestRedis;
  let redis: RedisHandle;
  beforeAll(async () => {
    server = await start();
    redis = await connectRedis({ url: server.url });
  }, 60_000);
  afterAll(async () => {
    await redis?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  const dispose = async (): Promise<void> => undefined;
  /** A name space for each test instead of an empty server. */
  const apart = () => `${randomUUID()}:`;

  liveCallsConformance(name, async () => ({
    liveCalls: createRedisLiveCalls(redis.client, apart()),
    dispose,
  }));
  presenceConformance(name, async () => ({ presence: createRedisPresence(redis.client, apart()), dispose }));
  roomPresenceConformance(name, async () => ({
    roomPresence: createRedisRoomPresence(redis.client, apart()),
    dispose,
  }));
  rateLimitsConformance(name, async () => ({
    limits: createRedisRateLimits(redis.client, apart()),
    elapse: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    dispose,
  }));
});
