import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type EmbeddedMongo, startEmbeddedMongo } from '@switchboard/embedded-mongo';
import { type Connection, mongo } from 'mongoose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../logger.ts';
import { connectMongo, type MongoHandle } from './connect-mongo.ts';

/** What the driver keeps to itself: how it checks that the server is there. */
interface Monitor {
  readonly connection: {
    readonly socket: Socket;
    command(namespace: object, command: object, options: object): Promise<unknown>;
  };
  readonly monitorId: { _executeAndReschedule(): void };
}

interface DriverServer {
  readonly monitor: Monitor;
  handleError(error: Error): void;
}

function driverServer(connection: Connection): DriverServer {
  const client = connection.getClient() as unknown as {
    topology: { s: { servers: Map<string, DriverServer> } };
  };
  const [server] = client.topology.s.servers.values();
  if (!server) throw new Error('the driver knows no server');
  return server;
}

const logger = createLogger({ level: 'fatal', service: 'test', nodeId: 'n' });
let dataDir: string;
let server: EmbeddedMongo;
let handle: MongoHandle;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'switchboard-closing-'));
  server = await startEmbeddedMongo({ dataDir });
  handle = await connectMongo(server.url, { logger, appName: 'closing-test' });
  await handle.check.check();
});
afterEach(async () => {
  await handle[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true, force: true });
});

/** Between the end of the server's side and the close of the socket, when Node takes no more and the driver does not know it yet. */
const whenClosing = (act: (monitor: Monitor) => void): Promise<void> =>
  new Promise((resolve) => {
    const { monitor } = driverServer(handle.connection);
    monitor.connection.socket.once('prefinish', () => {
      act(monitor);
      resolve();
    });
  });

describe('a server that closes while something is written', () => {
  it('fails a command, which would otherwise never end', async () => {
    let command: Promise<unknown> | undefined;
    const written = whenClosing(({ connection }) => {
      command = connection.command({ db: 'admin' }, { ping: 1 }, {});
      command.catch(() => undefined);
    });
    await server[Symbol.asyncDispose]();
    await written;
    const outcome = Promise.race([command, setTimeout(2_000, 'no end')]);
    await expect(outcome).rejects.toMatchObject({ name: expect.stringMatching(/^Mongo.*Error$/) });
  });

  it('is found again, though it closed while it was looked for', async () => {
    const { socket } = driverServer(handle.connection).monitor.connection;
    const closed = once(socket, 'close');
    const written = whenClosing(({ monitorId }) => monitorId._executeAndReschedule());
    await server[Symbol.asyncDispose]();
    await Promise.all([written, closed]);
    // As a command does that was under way: from now on the driver uses the server only once a check has found it.
    driverServer(handle.connection).handleError(new mongo.MongoNetworkError('closed'));
    await expect(handle.check.check()).rejects.toThrow();
    server = await startEmbeddedMongo({ dataDir, port: server.port });
    await vi.waitFor(() => handle.check.check(), { timeout: 5_000, interval: 100 });
  });
});
