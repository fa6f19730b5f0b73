import type { LiveCalls } from '@switchboard/ports';
import { CallId } from '@switchboard/protocol';
import { guarded, type RedisClient } from './connect.ts';
import { createPartitions } from './partitions.ts';
import { createScript } from './script.ts';

/** How long a value is kept that nobody moves on: past its deadline, or, without one, since it was written. */
const KEEP_MS = 24 * 60 * 60 * 1000;
/** A claim outlives its time by so much, for nodes whose clocks differ. */
const CLAIM_SLACK_MS = 60_000;

/** KEYS call, due. ARGV expected version, state ('' removes), deadline ('' none), call id, expiry. */
const COMPARE_AND_SET = `
local version = tonumber(redis.call('HGET', KEYS[1], 'v') or '0')
if version ~= tonumber(ARGV[1]) then return 0 end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], ARGV[4])
  return 1
end
redis.call('HSET', KEYS[1], 'v', version + 1, 's', ARGV[2])
redis.call('PEXPIREAT', KEYS[1], ARGV[5])
if ARGV[3] == '' then redis.call('ZREM', KEYS[2], ARGV[4]) else redis.call('ZADD', KEYS[2], ARGV[3], ARGV[4]) end
return 1`;

/** KEYS due, call. ARGV call id, now, hidden until. One sweeper gets 1; a call that has expired leaves the index. */
const TAKE = `
local at = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not at or tonumber(at) > tonumber(ARGV[2]) then return 0 end
if redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('ZREM', KEYS[1], ARGV[1])
  return 0
end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return 1`;

/** KEYS claim. ARGV call id, until, now, expiry. Returns the holder. */
const CLAIM = `
local held = redis.call('HMGET', KEYS[1], 'call', 'until')
if held[1] and tonumber(held[2]) > tonumber(ARGV[3]) and held[1] ~= ARGV[1] then return held[1] end
redis.call('HSET', KEYS[1], 'call', ARGV[1], 'until', ARGV[2])
redis.call('PEXPIREAT', KEYS[1], ARGV[4])
return ARGV[1]`;

/** KEYS claim. ARGV call id. */
const RELEASE = `
if redis.call('HGET', KEYS[1], 'call') == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

/** Live calls in Redis, for any number of nodes. A call and its deadline change together, in one slot. */
export function createRedisLiveCalls<State>(client: RedisClient, prefix = 'sb:'): LiveCalls<State> {
  const partitions = createPartitions(prefix, 'call');
  const callKey = (callId: CallId) => partitions.of(callId).key(`call:${callId}`);
  const dueKey = (callId: CallId) => partitions.of(callId).key('due');
  const claimKey = (userId: string) => `${prefix}claim:${userId}`;
  const compareAndSet = createScript(client, 'sbCompareAndSet', 2, COMPARE_AND_SET);
  const take = createScript(client, 'sbTake', 2, TAKE);
  const claim = createScript(client, 'sbClaim', 1, CLAIM);
  const release = createScript(client, 'sbRelease', 1, RELEASE);

  /** The oldest of each partition, oldest first. */
  const waiting = async (now: number, limit: number) => {
    const found = await Promise.all(
      partitions.all.map((partition) =>
        guarded(client.zrangebyscore(partition.key('due'), '-inf', now, 'WITHSCORES', 'LIMIT', 0, limit)),
      ),
    );
    return found.flatMap(pairs).sort((a, b) => a.at - b.at);
  };

  return {
    async get(callId) {
      const [state, version] = await guarded(client.hmget(callKey(callId), 's', 'v'));
      if (state == null || version == null) return undefined;
      return { state: JSON.parse(state) as State, version: Number(version) };
    },

    async compareAndSet(callId, expected, next, deadlineAt) {
      const expiry = Math.max(deadlineAt ?? 0, Date.now()) + KEEP_MS;
      const done = await compareAndSet(
        [callKey(callId), dueKey(callId)],
        [expected, next === null ? '' : JSON.stringify(next), deadlineAt ?? '', callId, expiry],
      );
      return done === 1;
    },

    async due(now, limit, hideMs) {
      const handed: CallId[] = [];
      while (handed.length < limit) {
        const candidates = await waiting(now, limit);
        if (candidates.length === 0) break;
        // Whether we get one or another sweeper does, it is due no more: the next look finds what was behind.
        for (const { callId } of candidates) {
          if (handed.length >= limit) break;
          const taken = await take([dueKey(callId), callKey(callId)], [callId, now, now + hideMs]);
          if (taken === 1) handed.push(callId);
        }
      }
      return handed;
    },

    async claim(userId, callId, until, now) {
      return CallId.parse(await claim([claimKey(userId)], [callId, until, now, until + CLAIM_SLACK_MS]));
    },

    async claimOf(userId, now) {
      const [callId, until] = await guarded(client.hmget(claimKey(userId), 'call', 'until'));
      return callId != null && Number(until) > now ? CallId.parse(callId) : undefined;
    },

    async release(userId, callId) {
      await release([claimKey(userId)], [callId]);
    },
  };
}

function pairs(flat: readonly string[]): { callId: CallId; at: number }[] {
  const found: { callId: CallId; at: number }[] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) {
    found.push({ callId: CallId.parse(flat[at]), at: Number(flat[at + 1]) });
  }
  return found;
}
