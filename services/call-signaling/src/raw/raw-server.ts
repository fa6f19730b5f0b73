import { EventEmitter } from 'node:events';
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Socket as NetSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { presentRestErrorAt } from '@switchboard/dialects';
import type { Clock } from '@switchboard/ports';
import { type Rejection, type Result, reject, unavailable } from '@switchboard/protocol';
import type { Metrics } from '@switchboard/service-kit';
import type { Server } from 'socket.io';
import { WebSocketServer } from 'ws';
import { type AdmitUpgradeParts, admitUpgrade } from './admit-upgrade.ts';
import type { Farewell } from './close-codes.ts';
import { type HeartbeatTimes, keepAlive } from './heartbeat.ts';
import { type RawAdmission, RawConnection } from './raw-connection.ts';
import { createOutbound } from './raw-frames.ts';
import { type RawPath, readRawPath } from './raw-path.ts';
import { selectSubprotocol } from './raw-token.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';
import { createUpgradeLine, type UpgradeLine } from './upgrade-line.ts';

/**
 * A frame beyond `LIMITS.frameBytes` is dropped and its socket lives on; it has to be read for that, so beyond this the socket is closed, with 1009.
 */
export const HARD_FRAME_BYTES = 2 * 1024 * 1024;

/** Upgrades looked at at once; each waits for a token to be verified and a room to be found. */
const PENDING_MAX = 2_000;

/** How long a socket may take to come into its room. */
const ENTER_MS = 10_000;

/** How long a client may take to return a goodbye. `closeTimeout` is younger than the types. */
const GOODBYE = { closeTimeout: 5_000 };

export interface RawServerParts extends AdmitUpgradeParts {
  readonly io: Server;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly heartbeat: HeartbeatTimes;
}

/** The raw WebSockets of this node. */
export interface RawServer extends AsyncDisposable {
  /**
   * Takes the upgrade requests of an HTTP server that Socket.IO does not: those to rooms are looked at, all others answered with 404.
   * Socket.IO must have been told not to destroy them.
   */
  attach(server: HttpServer): void;
}

/**
 * `/ws/chat/{room_id}/`: who comes with a token good for it is connected to Socket.IO as one of its own; everybody else is refused while
 * it still is HTTP, in the words of channels.
 *
 *   request ─ origin? ─ token? ─ place among the user's sockets? ─ room? ─ Socket.IO ─ room.join? ─▶ 101
 *               403       401          429                          404                 404, 403        503 at any point
 */
export function createRawServer(parts: RawServerParts): RawServer {
  const { io, clock, logger, metrics, accepting } = parts;
  const upgrades = metrics.counter('signaling_upgrades_total', 'Upgrades of raw WebSockets', ['status']);
  const connections = new Set<RawConnection>();
  const outbound = createOutbound();
  let pending = 0;

  const wss = new WebSocketServer({
    ...GOODBYE,
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: HARD_FRAME_BYTES,
    handleProtocols: selectSubprotocol,
  });
  const engine = Object.assign(new EventEmitter(), { close: () => {} });
  // All that Socket.IO asks of an engine are its `connection` events, and `close` on the way down.
  io.bind(engine as unknown as Parameters<Server['bind']>[0]);
  const heartbeat = keepAlive(connections, parts.heartbeat, clock, logger);

  const refuse = (request: IncomingMessage, socket: Duplex, rejection: Rejection): void => {
    const reply = presentRestErrorAt(rejection, { method: 'GET', path: request.url ?? '/' });
    upgrades.inc({ status: reply.status });
    logger.debug({ status: reply.status, code: rejection.code }, 'upgrade refused');
    refuseUpgrade(socket, reply);
  };

  const upgrade = async (request: IncomingMessage, socket: NetSocket, head: Buffer): Promise<void> => {
    const path = readRawPath(request.url ?? '');
    if (!path) return refuse(request, socket, NO_PATH);
    if (pending >= PENDING_MAX) return refuse(request, socket, REFUSALS.drain);
    pending += 1;
    try {
      const entered = await comeIn(request, socket, path);
      if (!entered.ok) return refuse(request, socket, entered.error);
      wss.handleUpgrade(request, socket, head, (ws) => {
        upgrades.inc({ status: 101 });
        entered.value.open(ws);
      });
    } finally {
      pending -= 1;
    }
  };

  /** As far as one can come without a WebSocket: into the room. */
  const comeIn = async (
    request: IncomingMessage,
    socket: NetSocket,
    path: RawPath,
  ): Promise<Result<RawConnection>> => {
    const line = createUpgradeLine(socket);
    const admitted = await admitUpgrade({ request, line, path }, parts);
    if (!admitted.ok) return admitted;
    const connection = connect(socket, line, admitted.value);
    const overdue = clock.after(ENTER_MS, () => connection.end('fault'));
    const entered = await connection.entered;
    overdue[Symbol.dispose]();
    if (typeof entered === 'string') return { ok: false, error: REFUSALS[entered] };
    if (entered.ok && accepting()) return { ok: true, value: connection };
    connection.end('fault');
    return entered.ok ? { ok: false, error: REFUSALS.drain } : entered;
  };

  /** Makes a socket of Socket.IO of it, as far as that goes without a WebSocket. */
  const connect = (socket: NetSocket, line: UpgradeLine, admission: RawAdmission): RawConnection => {
    const connection = new RawConnection({
      admission,
      secure: 'encrypted' in socket && socket.encrypted === true,
      remoteAddress: socket.remoteAddress ?? '',
      outbound,
      now: clock.now.bind(clock),
    });
    line.become(connection);
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
    socket.once('close', () => connection.lost());
    engine.emit('connection', connection);
    // The CONNECT packet, which a client of Socket.IO would send.
    connection.emit('data', '0');
    return connection;
  };

  return {
    attach(server) {
      const engines = `${io.path()}/`;
      server.on('upgrade', (request: IncomingMessage, socket: NetSocket, head: Buffer) => {
        if (request.url?.startsWith(engines)) return;
        // Nobody else listens until the upgrade is done, and a reset must not be an uncaught exception.
        socket.on('error', () => socket.destroy());
        upgrade(request, socket, head).catch((err: unknown) => {
          logger.error({ err }, 'upgrade failed');
          socket.destroy();
        });
      });
    },

    async [Symbol.asyncDispose]() {
      await heartbeat[Symbol.asyncDispose]();
      for (const connection of connections) connection.end('drain');
    },
  };
}

const NO_PATH = reject('NOT_FOUND', 'Not found').error;
/** What is said in HTTP to whose connection was closed before it was a WebSocket. */
const REFUSALS: Readonly<Record<Farewell, Rejection>> = {
  refused: reject('UNAUTHORIZED', 'Session over', { detail: 'revoked_session' }).error,
  room_deleted: reject('ROOM_NOT_FOUND', 'No such room').error,
  flood: reject('RATE_LIMITED', 'Too many events').error,
  fault: unavailable('The room').rejection,
  drain: unavailable('This node').rejection,
};
