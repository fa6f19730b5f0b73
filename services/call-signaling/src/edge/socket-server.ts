import { LIMITS } from '@switchboard/protocol';
import { Server } from 'socket.io';
import type { SignalingConfig } from '../config.ts';
import { originAllowed } from './origin.ts';

/** When clients are asked for a sign of life, and how long they may take, whatever they connect by. */
export const HEARTBEAT = { pingIntervalMs: 20_000, pingTimeoutMs: 10_000 } as const;

/**
 * The Socket.IO server, not yet attached. `accepting` is asked for every request of a new or polling transport.
 * Compression stays off: it costs 229 KB a connection.
 */
export function createSocketServer(
  { CLIENT_URL: trusted, JOIN_TIMEOUT_MS }: SignalingConfig,
  accepting: () => boolean,
): Server {
  return new Server({
    transports: ['polling', 'websocket'],
    perMessageDeflate: false,
    httpCompression: false,
    maxHttpBufferSize: LIMITS.frameBytes,
    // Clients of Socket.IO 1 and 2 speak the engine's third protocol; those of 3 and 4 the fourth.
    allowEIO3: true,
    connectTimeout: JOIN_TIMEOUT_MS,
    pingInterval: HEARTBEAT.pingIntervalMs,
    pingTimeout: HEARTBEAT.pingTimeoutMs,
    cleanupEmptyChildNamespaces: true,
    cors: { origin: trusted === '*' ? true : [...trusted], credentials: true },
    // Upgrades that are none of its own are answered beside it.
    destroyUpgrade: false,
    allowRequest: (request, decide) => {
      decide(null, accepting() && originAllowed(request.headers, trusted));
    },
  });
}
