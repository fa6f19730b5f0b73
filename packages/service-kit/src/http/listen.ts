import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface ListenOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Told of the server before the first connection can arrive. */
  readonly attach?: (server: Server) => void;
}

export interface Listening {
  readonly server: Server;
  /** e.g. `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Takes nobody new, lets requests in hand finish for `withinMs` (default 5 000), then cuts what is left. */
  close(withinMs?: number): Promise<void>;
}

/** Longer than a load balancer keeps its idle connections, so that it never sends into one that we are closing. */
const KEEP_ALIVE_MS = 65_000;
const HEADERS_MS = 20_000;
const REQUEST_MS = 30_000;

/** @throws Error that names the remedy when the port is taken or not allowed. */
export async function listen(
  app: RequestListener,
  { host, port, attach }: ListenOptions,
): Promise<Listening> {
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS },
    app,
  );
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  let closing: Promise<void> | undefined;
  // A connection that was busy when closing began would stay open, idle, for as long as the client likes.
  server.on('request', (_request, response) => {
    response.once('close', () => {
      if (closing) setImmediate(() => server.closeIdleConnections());
    });
  });
  attach?.(server);
  await new Promise<void>((resolve, fail) => {
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      resolve();
    });
  }).catch((error: NodeJS.ErrnoException) => {
    throw new Error(explain(error, host, port), { cause: error });
  });

  const close = async (withinMs: number): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    // Sockets that were upgraded are nobody's but ours to cut.
    const cut = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, withinMs);
    await closed;
    clearTimeout(cut);
  };
  const { port: bound } = server.address() as AddressInfo;
  return {
    server,
    url: `http://${reachable(host)}:${bound}`,
    close(withinMs = 5_000) {
      closing ??= close(withinMs);
      return closing;
    },
  };
}

function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'EADDRINUSE') return `Port ${port} on ${host} is taken; stop what holds it or set PORT`;
  if (error.code === 'EACCES') return `Port ${port} on ${host} is not allowed; set PORT to one above 1023`;
  return `Cannot listen on ${host}:${port} (${error.code ?? error.message})`;
}
