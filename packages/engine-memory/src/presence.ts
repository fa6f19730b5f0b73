import type { Presence, PresentDevice } from '@switchboard/ports';
import type { DeviceId, NodeId, UserId } from '@switchboard/protocol';
import { hop } from './hop.ts';

interface Lease {
  readonly device: PresentDevice;
  readonly until: number;
}
type Leases = Map<DeviceId, Lease>;

/** How long a node is remembered that says no more. */
const KEEP_BEAT_MS = 60 * 60 * 1000;

const live = (leases: Leases | undefined, now: number): Lease[] =>
  leases ? [...leases.values()].filter((lease) => lease.until > now) : [];

/** Presence in this process's memory. Its only time is the `now` of its callers. */
export function createMemoryPresence(): Presence {
  const users = new Map<UserId, Leases>();
  const beats = new Map<NodeId, number>();

  return {
    async put(device, leaseUntil, now) {
      const copy = { ...device };
      await hop();
      const others = live(users.get(copy.userId), now);
      // Lapsed leases go here, unswept: their user is online again, so a sweep has nothing to tell of them.
      const kept: Leases = new Map(others.map((lease) => [lease.device.deviceId, lease]));
      kept.set(copy.deviceId, { device: copy, until: leaseUntil });
      users.set(copy.userId, kept);
      return { first: others.length === 0 };
    },

    async renew(devices, leaseUntil, now) {
      const copies = devices.map((device) => ({ ...device }));
      await hop();
      const unknown: PresentDevice[] = [];
      for (const device of copies) {
        const leases = users.get(device.userId);
        const lease = leases?.get(device.deviceId);
        if (leases && lease && lease.until > now) {
          leases.set(device.deviceId, { device: lease.device, until: leaseUntil });
        } else unknown.push(device);
      }
      return unknown;
    },

    async remove(device, now) {
      const { userId, deviceId } = device;
      await hop();
      const leases = users.get(userId);
      if (!leases?.delete(deviceId)) return { last: false };
      if (live(leases, now).length > 0) return { last: false };
      // With the user go the siblings whose leases lapsed unswept: a sweep would tell the same departure again.
      users.delete(userId);
      return { last: true };
    },

    async devicesOf(userId, now) {
      await hop();
      return live(users.get(userId), now).map(({ device }) => ({ ...device }));
    },

    async online(now) {
      await hop();
      return [...users].filter(([, leases]) => live(leases, now).length > 0).map(([userId]) => userId);
    },

    async sweep(now) {
      await hop();
      const gone: UserId[] = [];
      for (const [userId, leases] of users) {
        for (const [deviceId, lease] of leases) if (lease.until <= now) leases.delete(deviceId);
        if (leases.size > 0) continue;
        users.delete(userId);
        gone.push(userId);
      }
      return gone;
    },

    async beat(nodeId, now) {
      await hop();
      const known = beats.has(nodeId);
      for (const [one, at] of beats) if (at + KEEP_BEAT_MS < now) beats.delete(one);
      beats.set(nodeId, now);
      return { known };
    },

    async silentFor(nodeId, now) {
      await hop();
      const at = beats.get(nodeId);
      return at === undefined ? undefined : Math.max(0, now - at);
    },
  };
}
