import { io, type Socket } from 'socket.io-client';
import { lineLost, refusal, SwitchboardError } from '../errors.ts';
import { isServerEvent, type ServerEvent, type ServerEvents } from '../wire.ts';

export interface LineHandlers {
  /** Authenticated: from now on requests may be made. Called before any other event is handed on. */
  opened(connected: ServerEvents['session.connected']): void;
  event<E extends ServerEvent>(event: E, payload: ServerEvents[E]): void;
  /** Once, whether or not it was opened, unless `close` was called. */
  closed(error: SwitchboardError): void;
}

/** One socket from connecting to its end; it never comes back. */
export interface Line {
  /** Resolves with the fields of a positive ack. Rejects with the server's refusal, TIMEOUT, or NETWORK when the line breaks first. */
  request(event: string, payload: unknown, timeoutMs: number): Promise<unknown>;
  close(): void;
}

export interface LineOptions {
  readonly token: string;
  /** For the transport, the handshake and authentication together. */
  readonly timeoutMs: number;
}

export type OpenLine = (options: LineOptions, handlers: LineHandlers) => Line;

/** Lines over Socket.IO to `origin` (empty: the page's own), whose server answers below `path`. */
export function socketLines(
  origin: string,
  path: string,
  transports: readonly ('websocket' | 'polling')[],
): OpenLine {
  return ({ token, timeoutMs }, handlers) => {
    const options = {
      path,
      auth: { token, dialect: 'native' },
      transports: [...transports],
      tryAllTransports: true,
      forceNew: true,
      // When to come back, and with which token, is decided above: see connection.ts.
      reconnection: false,
      timeout: timeoutMs,
    };
    const socket: Socket = origin === '' ? io(options) : io(origin, options);
    let state: 'opening' | 'open' | 'over' = 'opening';

    const end = (error: SwitchboardError): void => {
      if (state === 'over') return;
      state = 'over';
      clearTimeout(timer);
      socket.disconnect();
      handlers.closed(error);
    };
    const timer = setTimeout(
      () => end(new SwitchboardError({ code: 'TIMEOUT', message: 'Connecting took too long' })),
      timeoutMs,
    );

    socket.on('connect_error', (error) => {
      const { data } = error as Error & { data?: unknown };
      // Refused by the server, with its code; or the transport did not come about.
      end(refusal(data, { code: 'NETWORK', message: error.message }));
    });
    socket.on('disconnect', () => end(lineLost()));
    socket.onAny((event: string, payload: unknown) => {
      if (state === 'over' || !isServerEvent(event, payload)) return;
      if (event === 'session.connected' && state === 'opening') {
        state = 'open';
        clearTimeout(timer);
        handlers.opened(payload as ServerEvents['session.connected']);
      }
      handlers.event(event, payload as ServerEvents[typeof event]);
    });

    return {
      request: (event, payload, ackTimeoutMs) => ask(socket, event, payload, ackTimeoutMs),
      close() {
        if (state === 'over') return;
        state = 'over';
        clearTimeout(timer);
        socket.disconnect();
      },
    };
  };
}

async function ask(socket: Socket, event: string, payload: unknown, timeoutMs: number): Promise<unknown> {
  // What is emitted on a socket without a connection would wait in its buffer, out of our hands.
  if (!socket.connected) throw lineLost();
  let ack: { ok?: unknown; error?: unknown };
  try {
    ack = (await socket.timeout(timeoutMs).emitWithAck(event, payload)) as typeof ack;
  } catch (error) {
    if (!socket.connected) throw lineLost();
    throw new SwitchboardError(
      { code: 'TIMEOUT', message: `${event}: no answer from the server` },
      { cause: error },
    );
  }
  if (ack?.ok === true) return ack;
  throw refusal(ack?.error, { code: 'INTERNAL', message: `${event} was refused` });
}
