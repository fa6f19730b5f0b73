import { CallId, UserId } from '@switchboard/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectRedis, createRedisLiveCalls, createRedisRateLimits, type RedisHandle } from './index.ts';
import { startTestRedis, startTestRedisCluster, type TestRedis } from './testing/test-redis.ts';

const RETRYABLE = { code: 'SERVICE_UNAVAILABLE', retryable: true };
const callId = CallId.parse('0198a1de-0000-7000-8000-00000000ca11');
/** So many that each of three masters has some. */
const callIds = Array.from({ length: 24 }, (_, at) =>
  CallId.parse(`0198a1de-0000-7000-8000-0000000000${String(at).padStart(2, '0')}`),
);

describe.skipIf(process.env.SWITCHBOARD_MISSING_PROGRAMS).each([
  ['one server', startTestRedis],
  ['a cluster of three', startTestRedisCluster],
] as const)('Redis away, %s', (kind, start) => {
  let server: TestRedis;
  let redis: RedisHandle;
  beforeEach(async () => {
    server = await start();
    redis = await connectRedis({ url: server.url });
  }, 60_000);
  afterEach(async () => {
    await redis?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  const recovered = async (): Promise<void> => {
    const calls = createRedisLiveCalls(redis.client);
    const deadline = Date.now() + 20_000;
    for (;;) {
      const up = await Promise.all([redis.ping(), ...callIds.map((each) => calls.get(each))]).then(
        () => true,
        () => false,
      );
      if (up) return;
      if (Date.now() > deadline) throw new Error('not back within twenty seconds');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  /** A cluster's client connects to a master when it first needs it, and one that hangs then is given up only when connecting has taken too long. */
  const refusedWithinMs = kind === 'one server' ? 5_000 : 15_000;

  it('is a retryable refusal within a bounded time, and all is well without a restart', async () => {
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
    expect(performance.now() - began).toBeLessThan(refusedWithinMs);
    await server.signal('SIGCONT');
    await recovered();
    expect(await calls.get(callId)).toEqual({ state: { n: 1 }, version: 1 });
  }, 60_000);

  it('is found again, empty, after it was killed', async () => {
    const calls = createRedisLiveCalls(redis.client);
    await calls.compareAndSet(callId, 0, { n: 1 }, null);
    await server.restartEmpty();
    await recovered();
    expect(await calls.get(callId)).toBeUndefined();
    expect(await calls.compareAndSet(callId, 0, { n: 2 }, null)).toBe(true);
  }, 60_000);

  it('and back, one server killed: retryable refusals meanwhile, and no restart of ours', async () => {
    const calls = createRedisLiveCalls(redis.client);
    for (const each of callIds) await calls.compareAndSet(each, 0, { n: 1 }, null);
    const startAgain = await server.killOne();
    const began = performance.now();
    const results = await Promise.allSettled(callIds.map((each) => calls.get(each)));
    expect(performance.now() - began).toBeLessThan(refusedWithinMs);
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) expect(reason).toMatchObject(RETRYABLE);

    await startAgain();
    await recovered();
    const kept = [];
    for (const each of callIds) if (await calls.get(each)) kept.push(each);
    // What the other masters had, they have.
    if (kind === 'one server') expect(kept).toEqual([]);
    else {
      expect(kept.length).toBeGreaterThan(0);
      expect(kept.length).toBeLessThan(callIds.length);
    }
    for (const each of callIds) {
      const expected = kept.includes(each) ? 1 : 0;
      expect([each, await calls.compareAndSet(each, expected, { n: 2 }, null)]).toEqual([each, true]);
    }
  }, 60_000);

  it('is named at the start, with the variable to look at', async () => {
    await server[Symbol.asyncDispose]();
    await expect(connectRedis({ url: server.url })).rejects.toMatchObject({
      ...RETRYABLE,
      message: expect.stringContaining('REDIS_URL'),
    });
  });
});
