import type { Dialect, Frame, MediaWays } from '@switchboard/dialects';
import type { Clock, Presence } from '@switchboard/ports';
import { type Delivery, type DeviceId, type DialectName, UserId } from '@switchboard/protocol';
import type { Namespace, Socket } from 'socket.io';
import { framesFor, vocabularies } from './frames.ts';
import { rooms, type Tongue } from './rooms.ts';
import type { Router } from './router.ts';

export interface SocketIoRouterParts {
  readonly namespace: Namespace;
  /** The sockets of this node: the only ones whose rooms it changes, for to change another node's is to ask all nodes. */
  readonly localSocket: (deviceId: DeviceId) => Pick<Socket, 'join' | 'leave'> | undefined;
  readonly dialects: ReadonlyMap<DialectName, Dialect>;
  readonly presence: Presence;
  readonly clock: Clock;
  readonly ways: MediaWays;
}

/** What everybody is told has no single recipient, and no vocabulary words it by recipient. */
const EVERYBODY = UserId.parse('1');

/**
 * The router over Socket.IO rooms, and the one place that knows how a delivery finds its sockets. Presence says which
 * vocabularies a user's devices speak, so that a delivery is encoded once for each and emitted once to its room; rooms are
 * the only thing it asks of the adapter, so that any adapter will do.
 */
export function createSocketIoRouter(parts: SocketIoRouterParts): Router {
  const { namespace, localSocket, dialects, presence, clock, ways } = parts;
  const tongues: readonly Tongue[] = [...dialects.keys(), 'undeclared'];

  /** `except` are rooms, too: the adapter leaves their sockets out on whichever node holds them. */
  const emit = (
    room: string,
    frames: readonly Frame[],
    except: readonly string[] = [],
    here = false,
  ): void => {
    for (const { event, args } of frames) {
      let target = here ? namespace.local.to(room) : namespace.to(room);
      for (const left of except) target = target.except(left);
      target.emit(event, ...args);
    }
  };

  return {
    async toUser(userId, delivery, { except = [], only } = {}) {
      const left = [except].flat();
      const byTongue = new Map<Tongue, DeviceId[]>();
      for (const { deviceId, dialect } of await presence.devicesOf(userId, clock.now())) {
        if (left.includes(deviceId)) continue;
        const tongue = dialect ?? 'undeclared';
        byTongue.set(tongue, [...(byTongue.get(tongue) ?? []), deviceId]);
      }
      let reached = 0;
      for (const [tongue, deviceIds] of byTongue) {
        const spoken = vocabularies(dialects, tongue, only);
        const frames = framesFor(spoken, delivery, { ...ways, to: userId });
        if (frames.length === 0) continue;
        // A device that has just changed its tongue lingers in the room of its former one, for whoever looked before it did.
        const others = [...byTongue].flatMap(([other, ids]) => (other === tongue ? [] : ids));
        emit(rooms.user(userId, tongue), frames, [...left, ...others].map(rooms.device));
        reached += deviceIds.length;
      }
      return reached;
    },

    toDevice(userId, device, delivery) {
      const spoken = vocabularies(dialects, device.dialect);
      emit(rooms.device(device.deviceId), framesFor(spoken, delivery, { ...ways, to: userId }));
    },

    toEveryone(delivery: Delivery) {
      for (const tongue of tongues) {
        const spoken = vocabularies(dialects, tongue);
        emit(rooms.presence(tongue), framesFor(spoken, delivery, { ...ways, to: EVERYBODY }));
      }
    },

    async joinRoom({ deviceId, dialect }, roomId) {
      await localSocket(deviceId)?.join(rooms.room(roomId, dialect));
    },

    async leaveRoom({ deviceId, dialect }, roomId) {
      await localSocket(deviceId)?.leave(rooms.room(roomId, dialect));
    },

    toRoom(roomId, delivery, { except, only, here } = {}) {
      // Whoever is in a room has shown its vocabulary by coming in.
      for (const tongue of dialects.keys()) {
        const frames = framesFor(vocabularies(dialects, tongue, only), delivery, {
          ...ways,
          to: EVERYBODY,
        });
        emit(rooms.room(roomId, tongue), frames, except && [rooms.device(except)], here);
      }
    },

    async sent() {
      // The adapter of a single node sends at once, and has nothing to say about it.
      await (namespace.adapter as { sent?: () => Promise<void> }).sent?.();
    },

    async joinCall(deviceId, callId) {
      await localSocket(deviceId)?.join(rooms.callSeat(callId, deviceId));
    },

    async leaveCall(deviceId, callId) {
      await localSocket(deviceId)?.leave(rooms.callSeat(callId, deviceId));
    },

    relay(callId, { userId, device }, delivery) {
      const spoken = vocabularies(dialects, device.dialect);
      const frames = framesFor(spoken, delivery, { ...ways, to: userId });
      emit(rooms.callSeat(callId, device.deviceId), frames);
    },
  };
}
