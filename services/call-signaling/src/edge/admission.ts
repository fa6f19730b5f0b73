import type { Dialect } from '@switchboard/dialects';
import type { Clock, Presence } from '@switchboard/ports';
import {
  type Identity,
  LIMITS,
  type NodeId,
  type Rejection,
  type Result,
  type RoomId,
  reject,
  toRejection,
} from '@switchboard/protocol';
import type { SessionVerifier } from '@switchboard/service-kit';
import type { Socket } from 'socket.io';
import { rawConnectionOf } from '../raw/raw-connection.ts';
import { readHandshake } from './handshake.ts';
import type { Place, SessionRegistry } from './session-registry.ts';

/** What is known of a socket when it connects. */
export interface Admission {
  /** Undefined: it came without a token and has to join. */
  readonly identity: Identity | undefined;
  readonly dialect: Dialect | null;
  /** The one room of a raw WebSocket. */
  readonly room?: RoomId;
}

export interface AdmissionParts {
  readonly nodeId: NodeId;
  readonly verifier: SessionVerifier;
  readonly presence: Presence;
  readonly clock: Clock;
  readonly registry: SessionRegistry;
  readonly requireHandshakeToken: boolean;
}

const TOO_MANY_SOCKETS = reject(
  'RATE_LIMITED',
  `Too many connections: at most ${LIMITS.socketsPerUser} per user`,
);

const GONE = reject('UNAUTHORIZED', 'Gone');

/** The transport that a place is taken for, as far as the place is concerned. */
export interface Line {
  readonly open: boolean;
  /** The session ended: closes it, however far its connecting has come. */
  close(): void;
  onClose(listener: () => void): void;
}

/** The transport under a Socket.IO socket. */
export function lineOf({ conn }: Socket): Line {
  return {
    get open() {
      return conn.readyState === 'open';
    },
    close: () => conn.close(),
    onClose: (listener) => void conn.once('close', listener),
  };
}

/** Verifies a token for a transport and finds it a place among its user's sockets, given back when the transport closes. */
export type Admit = (line: Line, token: string) => Promise<Result<Identity>>;

export function createAdmit(parts: AdmissionParts): Admit {
  const { nodeId, verifier, presence, clock, registry } = parts;
  return async (line, token) => {
    try {
      const verified = await verifier.verify(token);
      if (!verified.ok) return verified;
      const { id, sessionId } = verified.value;
      const devices = await presence.devicesOf(id, clock.now());
      const elsewhere = devices.filter((device) => device.nodeId !== nodeId).length;
      // Of this node's sockets, those still connecting count, too: nothing is awaited between the look and the taking.
      if (elsewhere + registry.placesOf(id).length >= LIMITS.socketsPerUser) return TOO_MANY_SOCKETS;
      if (!line.open) return GONE;
      const place: Place = { sessionId, close: () => line.close() };
      registry.takePlace(id, place);
      line.onClose(() => registry.leavePlace(id, place));
      return verified;
    } catch (err) {
      return { ok: false, error: toRejection(err) };
    }
  };
}

/**
 * The Socket.IO middleware: a socket that shows a token is let in by it or refused with `connect_error`. A raw one was let in by its upgrade.
 */
export function createAdmission(
  parts: AdmissionParts,
  admit: Admit,
): (socket: Socket, next: (err?: Error) => void) => void {
  const connecting = new WeakSet<object>();

  /** Never rejects: reading a handshake cannot fail, and `admit` makes values of faults. */
  const decide = async (socket: Socket): Promise<Result<Admission>> => {
    const raw = rawConnectionOf(socket);
    if (raw) return { ok: true, value: raw.admission };
    const handshake = readHandshake(socket.handshake);
    if (!handshake.ok) return handshake;
    const { token, dialect } = handshake.value;
    if (token === undefined) {
      if (!parts.requireHandshakeToken) return { ok: true, value: { identity: undefined, dialect } };
      return reject('UNAUTHORIZED', 'Authentication error', { detail: 'missing_token' });
    }
    const admitted = await admit(lineOf(socket), token);
    return admitted.ok ? { ok: true, value: { identity: admitted.value, dialect } } : admitted;
  };

  return (socket, next) => {
    // A transport that connects again while its first connect is being looked at wants trouble.
    if (connecting.has(socket.conn)) {
      next(new Error('Already connecting'));
      return;
    }
    connecting.add(socket.conn);
    void decide(socket).then((decided) => {
      connecting.delete(socket.conn);
      if (decided.ok) socket.data.admission = decided.value;
      // Out of the promise: what a listener throws behind `next` is a fault of its own.
      setImmediate(() => (decided.ok ? next() : next(connectError(decided.error, socket.conn.protocol))));
    });
  };
}

/**
 * `error.data` is what a client that knows us reads: code, and whether to come again. Clients of Socket.IO 2 would be sent it in place of the
 * message, and they look for the message.
 */
function connectError(rejection: Rejection, engineProtocol: number): Error {
  if (engineProtocol === 3) return new Error(connectMessage(rejection));
  const { code, retryable, retryAfterMs } = rejection;
  const data = { code, retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  return Object.assign(new Error(connectMessage(rejection)), { data });
}

/** The two messages of the documents for whatever is wrong with a token. */
function connectMessage({ code, detail, message }: Rejection): string {
  if (code !== 'UNAUTHORIZED') return message;
  return detail === 'user_deleted' ? 'User not found' : 'Authentication error';
}
