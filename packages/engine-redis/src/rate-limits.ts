import type { RateLimits, RateRule, RateVerdict } from '@switchboard/ports';
import { unavailable } from '@switchboard/protocol';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { RedisClient } from './connect.ts';

/** Rules are configuration: a handful. */
const MAX_RULES = 100;

/** Rate limits in Redis: one counter a key, which expires with its window. */
export function createRedisRateLimits(client: RedisClient, prefix = 'sb:'): RateLimits {
  const limiters = new Map<string, RateLimiterRedis>();

  const limiterFor = ({ points, windowMs }: RateRule): RateLimiterRedis => {
    const name = `${points}/${windowMs}`;
    const known = limiters.get(name);
    if (known) return known;
    if (limiters.size >= MAX_RULES) limiters.clear();
    const limiter = new RateLimiterRedis({
      storeClient: client,
      keyPrefix: `${prefix}rate`,
      points,
      // The library rounds down, and a window of no seconds would never end.
      duration: Math.ceil(windowMs / 1000),
    });
    limiters.set(name, limiter);
    return limiter;
  };

  /** The library throws a verdict against, and errors of the store, alike. */
  const judged = async (work: Promise<RateLimiterRes | null>): Promise<RateLimiterRes | null> => {
    try {
      return await work;
    } catch (thrown) {
      if (thrown instanceof RateLimiterRes) return thrown;
      throw unavailable('Redis', thrown);
    }
  };

  const verdict = (state: RateLimiterRes | null, allowed: boolean): RateVerdict => ({
    allowed,
    retryAfterMs: allowed ? 0 : Math.max(1, state?.msBeforeNext ?? 1),
  });

  return {
    async take(key, rule) {
      const state = await judged(limiterFor(rule).consume(key));
      return verdict(state, (state?.consumedPoints ?? 0) <= rule.points);
    },
    async peek(key, rule) {
      const state = await judged(limiterFor(rule).get(key));
      return verdict(state, (state?.consumedPoints ?? 0) < rule.points);
    },
    async clear(key) {
      // Keys are the same under every rule; any limiter forgets them for all.
      const [any = limiterFor({ points: 1, windowMs: 1000 })] = limiters.values();
      try {
        await any.delete(key);
      } catch (error) {
        throw unavailable('Redis', error);
      }
    },
  };
}
