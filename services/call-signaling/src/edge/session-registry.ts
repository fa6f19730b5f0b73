import type { DeviceId, SessionId, UserId } from '@switchboard/protocol';
import type { SocketSession } from './socket-session.ts';

/** A place among a user's sockets, held from the moment a token was found good until the transport closes. */
export interface Place {
  readonly sessionId: SessionId;
  /** Closes the transport, however far its connecting has come. */
  close(): void;
}

/** The authenticated sockets of this node. */
export interface SessionRegistry {
  /** The places the user has taken on this node, by sockets still connecting, too. */
  placesOf(userId: UserId): readonly Place[];
  takePlace(userId: UserId, place: Place): void;
  /** Harmless for a place given back already. */
  leavePlace(userId: UserId, place: Place): void;
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
  const places = new Map<UserId, Set<Place>>();

  return {
    placesOf: (userId) => [...(places.get(userId) ?? [])],
    takePlace(userId, place) {
      const taken = places.get(userId) ?? new Set();
      places.set(userId, taken.add(place));
    },
    leavePlace(userId, place) {
      const taken = places.get(userId);
      taken?.delete(place);
      if (taken?.size === 0) places.delete(userId);
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
