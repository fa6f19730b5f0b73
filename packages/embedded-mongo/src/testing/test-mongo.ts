import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { type EmbeddedMongo, startEmbeddedMongo } from '../start.ts';

/**
 * The address of the server that the suites of the data layer use in place of embedded-mongo, if any. What needs the embedded server
 * itself – to stop it, to read its counters – is skipped then, by `skipIf(externalMongo)`.
 */
export const externalMongo = process.env.SWITCHBOARD_TEST_MONGO_URL || undefined;

/** Databases of one test file, dropped when it is disposed. */
export interface TestMongo extends AsyncDisposable {
  /** The address of an empty database. */
  readonly url: string;
  /** The address of another one; without a name, of a new one at every call. */
  database(name?: string): string;
  /** Absent when the suites run against another server. */
  readonly embedded: EmbeddedMongo | undefined;
}

export async function startTestMongo(): Promise<TestMongo> {
  const prefix = `switchboard-test-${randomBytes(6).toString('hex')}`;
  const on = (server: string) => (name?: string) => {
    const url = new URL(server);
    url.pathname = name === undefined ? prefix : `${prefix}-${name}`;
    return url.href;
  };
  if (externalMongo !== undefined) {
    const address = on(externalMongo);
    return {
      url: address(),
      database: (name = randomName()) => address(name),
      embedded: undefined,
      [Symbol.asyncDispose]: () => dropDatabases(externalMongo, prefix),
    };
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'switchboard-test-mongo-'));
  const embedded = await startEmbeddedMongo({ dataDir });
  const address = on(embedded.url);
  return {
    url: address(),
    database: (name = randomName()) => address(name),
    embedded,
    async [Symbol.asyncDispose]() {
      await embedded[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const randomName = (): string => randomBytes(6).toString('hex');

async function dropDatabases(server: string, prefix: string): Promise<void> {
  const client = await MongoClient.connect(server);
  try {
    const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true });
    for (const { name } of databases) if (name.startsWith(prefix)) await client.db(name).dropDatabase();
  } finally {
    await client.close();
  }
}
