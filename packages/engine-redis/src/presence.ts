import type { Presence, PresentDevice } from '@switchboard/ports';
import { DeviceId, DialectName, NodeId, SessionId, UserId } from '@switchboard/protocol';
import { z } from 'zod';
import { guarded, type RedisClient } from './connect.ts';
import { createPartitions } from './partitions.ts';
import { createScript } from './script.ts';

/** A user's devices outlive their leases by so much, for a late sweep; then they go by themselves. */
const KEEP_MS = 60 * 60 * 1000;
const SWEPT_AT_ONCE = 500;
/** How long a node is remembered that says no more. */
const KEEP_BEAT_MS = 60 * 60 * 1000;

const Stored = z.object({
  deviceId: DeviceId,
  userId: UserId,
  sessionId: SessionId,
  nodeId: NodeId,
  dialect: DialectName.nullable(),
});

/**
 * KEYS devices (field: device id, value: "<lease until>|<device as JSON>"), online (user id by its latest lease).
 * Every script looks at all devices of one user, of whom there are few.
 */
const LATEST = `
local function latest(now)
  local all = redis.call('HGETALL', KEYS[1])
  local live, untilAt, lapsed = 0, 0, {}
  for at = 1, #all, 2 do
    local lease = tonumber(string.match(all[at + 1], '^(%d+)|'))
    if lease > now then
      live = live + 1
      if lease > untilAt then untilAt = lease end
    else
      lapsed[#lapsed + 1] = all[at]
    end
  end
  return live, untilAt, lapsed
end
local function keep(userId, untilAt, slack)
  redis.call('ZADD', KEYS[2], string.format('%.0f', untilAt), userId)
  redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', untilAt + slack))
end
`;

/** ARGV user id, device id, device, lease until, now, slack. */
const PUT = `${LATEST}
local live, untilAt, lapsed = latest(tonumber(ARGV[5]))
for _, deviceId in ipairs(lapsed) do redis.call('HDEL', KEYS[1], deviceId) end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[4] .. '|' .. ARGV[3])
keep(ARGV[1], math.max(untilAt, tonumber(ARGV[4])), tonumber(ARGV[6]))
if live == 0 then return 1 end
return 0`;

/** ARGV user id, lease until, now, slack, device ids. Returns those that are not known or have lapsed. */
const RENEW = `${LATEST}
local unknown = {}
for at = 5, #ARGV do
  local stored = redis.call('HGET', KEYS[1], ARGV[at])
  if stored and tonumber(string.match(stored, '^(%d+)|')) > tonumber(ARGV[3]) then
    redis.call('HSET', KEYS[1], ARGV[at], ARGV[2] .. string.match(stored, '|.*$'))
  else
    unknown[#unknown + 1] = ARGV[at]
  end
end
local live, untilAt = latest(tonumber(ARGV[3]))
if live > 0 then keep(ARGV[1], untilAt, tonumber(ARGV[4])) end
return unknown`;

/** ARGV user id, device id, now, slack. Returns 1 for the last. */
const REMOVE = `${LATEST}
if redis.call('HDEL', KEYS[1], ARGV[2]) == 0 then return 0 end
local live, untilAt = latest(tonumber(ARGV[3]))
if live > 0 then
  keep(ARGV[1], untilAt, tonumber(ARGV[4]))
  return 0
end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 1`;

/** ARGV user id, now, slack. Returns 1 to the one sweeper that finds the user gone. */
const SWEEP = `${LATEST}
if not redis.call('ZSCORE', KEYS[2], ARGV[1]) then return 0 end
local live, untilAt = latest(tonumber(ARGV[2]))
if live > 0 then
  keep(ARGV[1], untilAt, tonumber(ARGV[3]))
  return 0
end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 1`;

/** Presence in Redis: a hash of leases a user, and beside it, in the same slot, an index of users by their latest lease. */
export function createRedisPresence(client: RedisClient, prefix = 'sb:'): Presence {
  const partitions = createPartitions(prefix, 'presence');
  const keys = (userId: UserId) => {
    const partition = partitions.of(userId);
    return [partition.key(`devices:${userId}`), partition.key('online')] as const;
  };
  /** All in one slot, so that a node whose own beats get through knows that those of the others could. */
  const beatKey = (nodeId: NodeId) => `${prefix}{nodes}:${nodeId}`;
  const put = createScript(client, 'sbPresencePut', 2, PUT);
  const renew = createScript(client, 'sbPresenceRenew', 2, RENEW);
  const remove = createScript(client, 'sbPresenceRemove', 2, REMOVE);
  const sweepUser = createScript(client, 'sbPresenceSweep', 2, SWEEP);

  return {
    async put(device, leaseUntil, now) {
      const { userId, deviceId } = device;
      const args = [userId, deviceId, JSON.stringify(device), leaseUntil, now, KEEP_MS];
      return { first: (await put(keys(userId), args)) === 1 };
    },

    async renew(devices, leaseUntil, now) {
      const byUser = new Map<UserId, PresentDevice[]>();
      for (const device of devices) {
        const own = byUser.get(device.userId) ?? [];
        own.push({ ...device });
        byUser.set(device.userId, own);
      }
      const unknown = await Promise.all(
        [...byUser].map(async ([userId, own]) => {
          const ids = own.map(({ deviceId }) => deviceId);
          const missing = await renew(keys(userId), [userId, leaseUntil, now, KEEP_MS, ...ids]);
          return own.filter(({ deviceId }) => Array.isArray(missing) && missing.includes(deviceId));
        }),
      );
      return unknown.flat();
    },

    async remove({ userId, deviceId }, now) {
      return { last: (await remove(keys(userId), [userId, deviceId, now, KEEP_MS])) === 1 };
    },

    async devicesOf(userId, now) {
      const leases = await guarded(client.hvals(keys(userId)[0]));
      return leases.flatMap((lease) => {
        const bar = lease.indexOf('|');
        return Number(lease.slice(0, bar)) > now ? [Stored.parse(JSON.parse(lease.slice(bar + 1)))] : [];
      });
    },

    async online(now) {
      const found = await Promise.all(
        partitions.all.map((partition) =>
          guarded(client.zrangebyscore(partition.key('online'), `(${now}`, '+inf')),
        ),
      );
      return found.flat().map((id) => UserId.parse(id));
    },

    async beat(nodeId) {
      const before = await guarded(client.set(beatKey(nodeId), '1', 'PX', KEEP_BEAT_MS, 'GET'));
      return { known: before !== null };
    },

    async silentFor(nodeId) {
      const left = await guarded(client.pttl(beatKey(nodeId)));
      return left < 0 ? undefined : Math.max(0, KEEP_BEAT_MS - left);
    },

    async sweep(now) {
      const gone: UserId[] = [];
      for (const partition of partitions.all) {
        for (;;) {
          const lapsed = await guarded(
            client.zrangebyscore(partition.key('online'), '-inf', now, 'LIMIT', 0, SWEPT_AT_ONCE),
          );
          const users = lapsed.map((id) => UserId.parse(id));
          const swept = await Promise.all(
            users.map((userId) => sweepUser(keys(userId), [userId, now, KEEP_MS])),
          );
          gone.push(...users.filter((_, at) => swept[at] === 1));
          // Whoever was found live again left the lapsed part of the index, too.
          if (lapsed.length < SWEPT_AT_ONCE) break;
        }
      }
      return gone;
    },
  };
}
