import { LIMITS } from '@switchboard/protocol';
import { Server } from 'socket.io';
import type { SignalingConfig } from '../config.ts';
import { originAllowed } from './origin.ts';

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
    pingInterval: 20_000,
    pingTimeout: 10_000,
    cleanupEmptyChildNamespaces: true,
    cors: { origin: trusted === '*' ? true : [...trusted], credentials: true },
    allowRequest: (request, decide) => {
      decide(null, accepting() && originAllowed(request.headers, trusted));
    },
  });
}
