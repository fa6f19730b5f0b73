import { createServer, type Server, type Socket } from 'node:net';
import { dispatch } from './commands/dispatcher.ts';
import { Engine, type EngineOptions } from './engine/engine.ts';
import { deleteExpired } from './engine/ttl.ts';
import { Connection } from './wire/connection.ts';

export interface ServerOptions extends EngineOptions {
  readonly host?: string;
  readonly port?: number;
  readonly maxConnections?: number;
  /** How often expired documents are looked for. */
  readonly ttlIntervalMs?: number;
}

export interface RunningServer {
  readonly port: number;
  readonly engine: Engine;
  close(): Promise<void>;
}

/** The server on the thread that calls it, which it blocks for as long as each commit takes. @throws DataDirLockedError */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const engine = new Engine(options);
  try {
    return await listen(engine, options);
  } catch (error) {
    engine.close();
    throw error;
  }
}

async function listen(engine: Engine, options: ServerOptions): Promise<RunningServer> {
  const connections = new Set<Connection>();
  let lastConnectionId = 0;
  const server = createServer((socket: Socket) => {
    const id = ++lastConnectionId;
    const connection = new Connection(
      socket,
      (request) => dispatch(engine, request, id),
      (error) =>
        engine.log.warn(
          { connectionId: id, reason: error.message },
          'a connection was closed for what it sent',
        ),
    );
    connections.add(connection);
    engine.counters.add('connections');
    socket.on('close', () => {
      connections.delete(connection);
      engine.counters.add('connections', -1);
    });
  });
  server.maxConnections = options.maxConnections ?? 1000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  const ttl = startTtl(engine, options.ttlIntervalMs ?? 60_000);
  return {
    port: portOf(server),
    engine,
    close: async () => {
      await ttl.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([...connections].map((connection) => connection.close()));
      await closed;
      engine.close();
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

/** The TTL of documents, and that of cursors that nobody asks for more. */
function startTtl(engine: Engine, intervalMs: number): { stop(): Promise<void> } {
  let running = Promise.resolve();
  let idle = true;
  const timer = setInterval(() => {
    engine.cursors.expire();
    if (!idle) return;
    idle = false;
    running = deleteExpired(engine)
      .then(() => undefined)
      .catch((error: unknown) => engine.log.error({ err: error }, 'deleting expired documents failed'))
      .finally(() => {
        idle = true;
      });
  }, intervalMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
