import type { DeviceId, UserId } from '@switchboard/protocol';
import type { SocketSession } from './socket-session.ts';

/** A place among a user's sockets, taken before the socket is fully connected. Releasing twice is harmless. */
export interface Place {
  release(): void;
}

/** The authenticated sockets of this node. */
export interface SessionRegistry {
  /** How many places the user has taken on this node, connecting sockets included. */
  placesOf(userId: UserId): number;
  takePlace(userId: UserId): Place;
  add(session: SocketSession): void;
  remove(session: SocketSession): void;
  get(deviceId: DeviceId): SocketSession | undefined;
  ofUser(userId: UserId): readonly SocketSession[];
  all(): readonly SocketSession[];
  readonly size: number;
}

/** @param changed Told how many sockets there are, after each change. */
export function createSessionRegistry(changed: (size: number) => void = () => {}): SessionRegistry {
  const devices = new Map<DeviceId, SocketSession>();
  const users = new Map<UserId, Set<SocketSession>>();
  const places = new Map<UserId, number>();

  return {
    placesOf: (userId) => places.get(userId) ?? 0,
    takePlace(userId) {
      places.set(userId, (places.get(userId) ?? 0) + 1);
      let taken = true;
      return {
        release() {
          if (!taken) return;
          taken = false;
          const left = (places.get(userId) ?? 1) - 1;
          if (left > 0) places.set(userId, left);
          else places.delete(userId);
        },
      };
    },
    add(session) {
      devices.set(session.deviceId, session);
      const sessions = users.get(session.identity.id) ?? new Set();
      users.set(session.identity.id, sessions.add(session));
      changed(devices.size);
    },
    remove(session) {
      devices.delete(session.deviceId);
      const sessions = users.get(session.identity.id);
      sessions?.delete(session);
      if (sessions?.size === 0) users.delete(session.identity.id);
      changed(devices.size);
    },
    get: (deviceId) => devices.get(deviceId),
    ofUser: (userId) => [...(users.get(userId) ?? [])],
    all: () => [...devices.values()],
    get size() {
      return devices.size;
    },
  };
}
