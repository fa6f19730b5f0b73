import { randomUUID } from 'node:crypto';
import type { Dialect, MediaWays } from '@switchboard/dialects';
import { dialects } from '@switchboard/dialects';
import type { PresentDevice } from '@switchboard/ports';
import { type Delivery, DeviceId, type Identity, type NodeId } from '@switchboard/protocol';
import type { Socket } from 'socket.io';
import { rawConnectionOf } from '../raw/raw-connection.ts';
import { framesFor, vocabularies } from '../router/frames.ts';
import { rooms, type Tongue } from '../router/rooms.ts';
import type { Session } from './session.ts';

/** A session as this node keeps it. */
export interface SocketSession extends Session {
  readonly socket: Socket;
  /** When the identity was last known to be good, epoch ms. */
  verifiedAt: number;
  /**
   * Resolves once what is emitted to any of its rooms, on whichever node, reaches the socket; also when it is gone. Whoever names the socket to others waits
   * for this first.
   */
  readonly joined: Promise<void>;
  /** From now on this socket hears this vocabulary alone, as soon as its rooms are joined. */
  declare(dialect: Dialect): void;
  /** How to leave the rooms in which it was spoken to before now; apart from `declare`, so that presence can name the vocabulary first. */
  former(): () => void;
  /** The same user, seen anew: a changed name or role. */
  refresh(identity: Identity, now: number): void;
  present(nodeId: NodeId): PresentDevice;
}

export interface SessionParts {
  readonly socket: Socket;
  readonly identity: Identity;
  readonly dialect: Dialect | null;
  readonly ways: MediaWays;
  readonly now: number;
}

/** Makes the session and puts the socket into its rooms. */
export function createSocketSession({ socket, ways, now, ...start }: SessionParts): SocketSession {
  const deviceId = DeviceId.parse(randomUUID());
  const userId = start.identity.id;
  let identity = start.identity;
  let dialect = start.dialect;

  const former = new Set<Tongue>();
  const tongue = dialect?.name ?? 'undeclared';
  // An adapter that spans nodes confirms; one of a single node has joined when it returns.
  let joined = Promise.resolve(
    socket.join([rooms.device(deviceId), rooms.user(userId, tongue), rooms.presence(tongue)]),
  );

  return {
    socket,
    deviceId,
    socketId: socket.id,
    verifiedAt: now,
    get joined() {
      return joined;
    },
    get identity() {
      return identity;
    },
    get dialect() {
      return dialect?.name ?? null;
    },
    deliver(delivery: Delivery) {
      const spoken = vocabularies(dialects, dialect?.name ?? 'undeclared');
      for (const { event, args } of framesFor(spoken, delivery, { ...ways, to: userId })) {
        socket.emit(event, ...args);
      }
    },
    close(reason) {
      const raw = rawConnectionOf(socket);
      // A client of Socket.IO takes a disconnect packet for final, and a lost transport for a reason to come back.
      if (raw) raw.end(reason);
      else if (reason === 'drain') socket.conn.close();
      else socket.disconnect(true);
    },
    declare(named) {
      if (dialect?.name === named.name) return;
      const before = dialect?.name ?? 'undeclared';
      dialect = named;
      const confirmed = socket.join([rooms.user(userId, named.name), rooms.presence(named.name)]);
      // Rather told of somebody's coming twice than not at all.
      joined = Promise.all([joined, confirmed]).then(() => {
        if (dialect?.name !== before) void socket.leave(rooms.presence(before));
      });
      former.add(before);
      former.delete(named.name);
    },
    former() {
      const left = [...former];
      former.clear();
      return () => {
        for (const before of left)
          if (dialect?.name !== before) void socket.leave(rooms.user(userId, before));
      };
    },
    refresh(seen, at) {
      identity = seen;
      this.verifiedAt = at;
    },
    present: (nodeId) => ({
      deviceId,
      userId,
      sessionId: identity.sessionId,
      nodeId,
      dialect: dialect?.name ?? null,
    }),
  };
}
