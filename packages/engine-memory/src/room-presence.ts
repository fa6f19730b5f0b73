import type { RoomMember, RoomPresence } from '@switchboard/ports';
import type { DeviceId, RoomId, UserId } from '@switchboard/protocol';
import { hop } from './hop.ts';

interface Lease {
  readonly member: RoomMember;
  readonly until: number;
  /** Counts up: who has the smaller one came earlier. */
  readonly came: number;
}
type Leases = Map<DeviceId, Lease>;

const copyOf = (member: RoomMember): RoomMember => structuredClone(member);

const live = (leases: Leases | undefined, now: number): Lease[] =>
  leases ? [...leases.values()].filter((lease) => lease.until > now) : [];

/** Who is in which room, in this process's memory. Its only time is the `now` of its callers. */
export function createMemoryRoomPresence(): RoomPresence {
  const rooms = new Map<RoomId, Map<UserId, Leases>>();
  const roomsByUser = new Map<UserId, Set<RoomId>>();
  let arrivals = 0;

  const leasesOf = ({ roomId, participant }: RoomMember): Leases | undefined =>
    rooms.get(roomId)?.get(participant.id);

  const keep = (roomId: RoomId, userId: UserId, leases: Leases): void => {
    const users = rooms.get(roomId) ?? new Map<UserId, Leases>();
    rooms.set(roomId, users.set(userId, leases));
    roomsByUser.set(userId, (roomsByUser.get(userId) ?? new Set()).add(roomId));
  };

  const forget = (roomId: RoomId, userId: UserId): void => {
    const users = rooms.get(roomId);
    users?.delete(userId);
    if (users?.size === 0) rooms.delete(roomId);
    const theirs = roomsByUser.get(userId);
    theirs?.delete(roomId);
    if (theirs?.size === 0) roomsByUser.delete(userId);
  };

  return {
    async put(member, leaseUntil, now) {
      const copy = copyOf(member);
      await hop();
      const { roomId, participant } = copy;
      const present = live(leasesOf(copy), now);
      const before = present.find((lease) => lease.member.participant.deviceId === participant.deviceId);
      arrivals += 1;
      const lease: Lease = { member: copy, until: leaseUntil, came: before?.came ?? arrivals };
      // Lapsed leases go here, unswept: their user is in the room again, so a sweep has nothing to tell of them.
      const kept: Leases = new Map(present.map((one) => [one.member.participant.deviceId, one]));
      keep(roomId, participant.id, kept.set(participant.deviceId, lease));
      return { first: present.length === 0 };
    },

    async renew(members, leaseUntil, now) {
      const copies = members.map(copyOf);
      await hop();
      return copies.filter((member) => {
        const { deviceId } = member.participant;
        const leases = leasesOf(member);
        const lease = leases?.get(deviceId);
        if (!leases || !lease || lease.until <= now) return true;
        leases.set(deviceId, { ...lease, until: leaseUntil });
        return false;
      });
    },

    async remove(member, now) {
      const { roomId, participant } = copyOf(member);
      await hop();
      const leases = rooms.get(roomId)?.get(participant.id);
      if (!leases?.delete(participant.deviceId)) return { last: false };
      if (live(leases, now).length > 0) return { last: false };
      // With the user go the siblings whose leases lapsed unswept: a sweep would tell the same departure again.
      forget(roomId, participant.id);
      return { last: true };
    },

    async membersOf(roomId, now) {
      await hop();
      return [...(rooms.get(roomId)?.values() ?? [])]
        .flatMap((leases) => live(leases, now))
        .sort((a, b) => a.came - b.came)
        .map(({ member }) => copyOf(member));
    },

    async sweep(now) {
      await hop();
      const gone: RoomMember[] = [];
      for (const [roomId, users] of [...rooms]) {
        for (const [userId, leases] of [...users]) {
          let last: RoomMember | undefined;
          for (const [deviceId, lease] of leases) {
            if (lease.until > now) continue;
            leases.delete(deviceId);
            last = lease.member;
          }
          if (leases.size > 0 || !last) continue;
          forget(roomId, userId);
          gone.push(copyOf(last));
        }
      }
      return gone;
    },

    async roomsOf(userId, now) {
      await hop();
      return [...(roomsByUser.get(userId) ?? [])].filter(
        (roomId) => live(rooms.get(roomId)?.get(userId), now).length > 0,
      );
    },
  };
}
