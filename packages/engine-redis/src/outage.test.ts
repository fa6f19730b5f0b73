import { CallId, UserId } from '@switchboard/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectRedis, createRedisLiveCalls, createRedisRateLimits, type RedisHandle } from './index.ts';
import { startTestRedis, type TestRedis } from './testing/test-redis.ts';

const RETRYABLE = { code: 'SERVICE_UNAVAILABLE', retryable: true };
const callId = CallId.parse('0198a1de-0000-7000-8000-00000000ca11');

describe.skipIf(process.env.SWITCHBOARD_MISSING_PROGRAMS)('Redis away', () => {
  let server: TestRedis;
  let redis: RedisHandle;
  beforeEach(async () => {
    server = await startTestRedis();
    redis = await connectRedis({ url: server.url });
  });
  afterEach(async () => {
    await redis?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  const recovered = async (): Promise<void> => {
    const deadline = Date.now() + 10_000;
    for (;;) {
      const up = await redis.ping().then(
        () => true,
        () => false,
      );
      if (up) return;
      if (Date.now() > deadline) throw new Error('not back within ten seconds');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  it('is a retryable refusal within the time of one command, and all is well without a restart', async () => {
    const calls = createRedisLiveCalls(redis.client);
    const limits = createRedisRateLimits(redis.client);
    await calls.compareAndSet(callId, 0, { n: 1 }, null);
    await server.signal('SIGSTOP');
    const began = performance.now();
    await Promise.all([
      expect(calls.get(callId)).rejects.toMatchObject(RETRYABLE),
      expect(calls.claim(UserId.parse('1'), callId, Date.now() + 1000, Date.now())).rejects.toMatchObject(
        RETRYABLE,
      ),
      expect(limits.take('k', { points: 1, windowMs: 1000 })).rejects.toMatchObject(RETRYABLE),
      expect(redis.ping()).rejects.toMatchObject(RETRYABLE),
    ]);
    expect(performance.now() - began).toBeLessThan(5_000);
    await server.signal('SIGCONT');
    await recovered();
    expect(await calls.get(callId)).toEqual({ state: { n: 1 }, version: 1 });
  });

  it('is found again, empty, after it was killed', async () => {
    const calls = createRedisLiveCalls(redis.client);
    await calls.compareAndSet(callId, 0, { n: 1 }, null);
    await server.restartEmpty();
    await recovered();
    expect(await calls.get(callId)).toBeUndefined();
    expect(await calls.compareAndSet(callId, 0, { n: 2 }, null)).toBe(true);
  });

  it('is named at the start, with the variable to look at', async () => {
    await server[Symbol.asyncDispose]();
    await expect(connectRedis({ url: server.url })).rejects.toMatchObject({
      ...RETRYABLE,
      message: expect.stringContaining('REDIS_URL'),
    });
  });
});
