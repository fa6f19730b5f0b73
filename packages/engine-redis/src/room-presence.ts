import type { RoomMember, RoomPresence } from '@switchboard/ports';
import { DialectName, NodeId, Participant, RoomId, type UserId } from '@switchboard/protocol';
import { z } from 'zod';
import { guarded, type RedisClient } from './connect.ts';
import { createPartitions } from './partitions.ts';
import { createScript } from './script.ts';

/** Members outlive their leases by so much, for a late sweep; then they go by themselves. */
const KEEP_MS = 60 * 60 * 1000;
const SWEPT_AT_ONCE = 500;

const Stored = z.object({
  roomId: RoomId,
  nodeId: NodeId,
  dialect: DialectName,
  participant: Participant,
});

/**
 * KEYS room (socket: "<lease until>|<place in the order of coming>|<member as JSON>"), user (the sockets of one user in it: lease), index (room:user by
 * latest lease), arrivals. The whole room is read by those alone who ask who is in it.
 */
const OWN = `
local function own(now)
  local all = redis.call('HGETALL', KEYS[2])
  local live, untilAt, lapsed = 0, 0, {}
  for at = 1, #all, 2 do
    local lease = tonumber(all[at + 1])
    if lease > now then
      live = live + 1
      if lease > untilAt then untilAt = lease end
    else
      lapsed[#lapsed + 1] = all[at]
    end
  end
  return live, untilAt, lapsed
end
local function keep(entry, untilAt, slack)
  redis.call('ZADD', KEYS[3], string.format('%.0f', untilAt), entry)
  local expiry = string.format('%.0f', untilAt + slack)
  redis.call('PEXPIREAT', KEYS[2], expiry)
  redis.call('PEXPIREAT', KEYS[1], expiry, 'NX')
  redis.call('PEXPIREAT', KEYS[1], expiry, 'GT')
end
local function forget(entry)
  for _, deviceId in ipairs(redis.call('HKEYS', KEYS[2])) do redis.call('HDEL', KEYS[1], deviceId) end
  redis.call('DEL', KEYS[2])
  redis.call('ZREM', KEYS[3], entry)
end
`;

/** ARGV entry, device id, member, lease until, now, slack. */
const PUT = `${OWN}
local live, untilAt, lapsed = own(tonumber(ARGV[5]))
for _, deviceId in ipairs(lapsed) do
  redis.call('HDEL', KEYS[1], deviceId)
  redis.call('HDEL', KEYS[2], deviceId)
end
local before = redis.call('HGET', KEYS[1], ARGV[2])
local came = before and string.match(before, '^%d+|(%d+)|') or redis.call('INCR', KEYS[4])
redis.call('HSET', KEYS[1], ARGV[2], ARGV[4] .. '|' .. came .. '|' .. ARGV[3])
redis.call('HSET', KEYS[2], ARGV[2], ARGV[4])
keep(ARGV[1], math.max(untilAt, tonumber(ARGV[4])), tonumber(ARGV[6]))
if live == 0 then return 1 end
return 0`;

/** ARGV entry, device id, lease until, now, slack. Returns 0 for what is not known. */
const RENEW = `${OWN}
local lease = redis.call('HGET', KEYS[2], ARGV[2])
local stored = redis.call('HGET', KEYS[1], ARGV[2])
if not stored or not lease or tonumber(lease) <= tonumber(ARGV[4]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3] .. string.match(stored, '|.*$'))
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
local live, untilAt = own(tonumber(ARGV[4]))
keep(ARGV[1], untilAt, tonumber(ARGV[5]))
return 1`;

/** ARGV entry, device id, now, slack. Returns 1 for the last. */
const REMOVE = `${OWN}
redis.call('HDEL', KEYS[1], ARGV[2])
if redis.call('HDEL', KEYS[2], ARGV[2]) == 0 then return 0 end
local live, untilAt = own(tonumber(ARGV[3]))
if live > 0 then
  keep(ARGV[1], untilAt, tonumber(ARGV[4]))
  return 0
end
forget(ARGV[1])
return 1`;

/** ARGV entry, now, slack. Returns, to the one sweeper that finds the user gone, one of their members; false otherwise. */
const SWEEP = `${OWN}
if not redis.call('ZSCORE', KEYS[3], ARGV[1]) then return false end
local live, untilAt, lapsed = own(tonumber(ARGV[2]))
if live > 0 then
  keep(ARGV[1], untilAt, tonumber(ARGV[3]))
  return false
end
local last = lapsed[#lapsed] and redis.call('HGET', KEYS[1], lapsed[#lapsed])
forget(ARGV[1])
return last and string.match(last, '^%d+|%d+|(.*)$') or false`;

/** Who is in which room, in Redis: a room's members, what each user has there, and the index over both lie in one slot. */
export function createRedisRoomPresence(client: RedisClient, prefix = 'sb:'): RoomPresence {
  const partitions = createPartitions(prefix, 'room');
  const roomKey = (roomId: RoomId) => partitions.of(roomId).key(`members:${roomId}`);
  const userKey = (roomId: RoomId, userId: string) => partitions.of(roomId).key(`user:${roomId}:${userId}`);
  const roomsKey = (userId: UserId) => `${prefix}rooms-of:${userId}`;
  const keysOf = (roomId: RoomId, userId: string) => {
    const partition = partitions.of(roomId);
    return [roomKey(roomId), userKey(roomId, userId), partition.key('index'), partition.key('arrivals')];
  };
  const entryOf = ({ roomId, participant }: RoomMember) => `${roomId}:${participant.id}`;
  const put = createScript(client, 'sbRoomPut', 4, PUT);
  const renew = createScript(client, 'sbRoomRenew', 4, RENEW);
  const remove = createScript(client, 'sbRoomRemove', 4, REMOVE);
  const sweepUser = createScript(client, 'sbRoomSweep', 4, SWEEP);

  return {
    async put(member, leaseUntil, now) {
      const { roomId, participant } = member;
      const userId = participant.id;
      const args = [entryOf(member), participant.deviceId, JSON.stringify(member), leaseUntil, now, KEEP_MS];
      const first = (await put(keysOf(roomId, userId), args)) === 1;
      // A hint in the user's own slot; whoever reads it asks the room.
      await guarded(client.sadd(roomsKey(userId), roomId));
      await guarded(client.pexpire(roomsKey(userId), 24 * KEEP_MS));
      return { first };
    },

    async renew(members, leaseUntil, now) {
      const asked = members.map((member) => structuredClone(member));
      const known = await Promise.all(
        asked.map((member) => {
          const { roomId, participant } = member;
          const args = [entryOf(member), participant.deviceId, leaseUntil, now, KEEP_MS];
          return renew(keysOf(roomId, participant.id), args);
        }),
      );
      return asked.filter((_, at) => known[at] !== 1);
    },

    async remove(member, now) {
      const { roomId, participant } = member;
      const args = [entryOf(member), participant.deviceId, now, KEEP_MS];
      return { last: (await remove(keysOf(roomId, participant.id), args)) === 1 };
    },

    async membersOf(roomId, now) {
      const stored = await guarded(client.hvals(roomKey(roomId)));
      return stored
        .map((text) => {
          const [until = '', came = ''] = text.split('|', 2);
          return {
            until: Number(until),
            came: Number(came),
            json: text.slice(until.length + came.length + 2),
          };
        })
        .filter(({ until }) => until > now)
        .sort((a, b) => a.came - b.came)
        .map(({ json }) => Stored.parse(JSON.parse(json)));
    },

    async sweep(now) {
      const gone: RoomMember[] = [];
      for (const partition of partitions.all) {
        for (;;) {
          const lapsed = await guarded(
            client.zrangebyscore(partition.key('index'), '-inf', now, 'LIMIT', 0, SWEPT_AT_ONCE),
          );
          const swept = await Promise.all(
            lapsed.map((entry) => {
              const [room, user = ''] = entry.split(':');
              return sweepUser(keysOf(RoomId.parse(room), user), [entry, now, KEEP_MS]);
            }),
          );
          for (const json of swept) if (typeof json === 'string') gone.push(Stored.parse(JSON.parse(json)));
          if (lapsed.length < SWEPT_AT_ONCE) break;
        }
      }
      return gone;
    },

    async roomsOf(userId, now) {
      const candidates = (await guarded(client.smembers(roomsKey(userId)))).map((id) => RoomId.parse(id));
      const leases = await Promise.all(
        candidates.map((roomId) => guarded(client.hvals(userKey(roomId, userId)))),
      );
      const here = candidates.filter((_, at) => leases[at]?.some((until) => Number(until) > now));
      const left = candidates.filter((roomId) => !here.includes(roomId));
      if (left.length > 0) await guarded(client.srem(roomsKey(userId), ...left));
      return here;
    },
  };
}
