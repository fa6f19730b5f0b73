import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Db, type Document, MongoClient } from 'mongodb';
import { type RunningServer, type ServerOptions, startServer } from '../server.ts';

/** Any fields, and an `_id` that a test may choose. */
export interface Loose extends Document {
  readonly _id?: string | number;
}

export interface TestDatabase extends AsyncDisposable {
  readonly server: RunningServer;
  readonly client: MongoClient;
  readonly db: Db;
  readonly url: string;
}

export async function temporaryDirectory(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'embedded-mongo-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** A server on this thread, so that a test can look into it, with the official driver connected. */
export async function testDatabase(options: Partial<ServerOptions> = {}): Promise<TestDatabase> {
  const directory = await temporaryDirectory();
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const server = await startServer({ dataDir: directory.path, log: silent, ...options });
  const url = `mongodb://127.0.0.1:${server.port}/?directConnection=true`;
  const client = await MongoClient.connect(url);
  return {
    server,
    client,
    url,
    db: client.db('test'),
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await server.close();
      await directory.remove();
    },
  };
}
