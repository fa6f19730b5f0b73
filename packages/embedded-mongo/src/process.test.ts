import { MongoClient } from 'mongodb';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { temporaryDirectory } from './testing/database.ts';
import { buildPackage, type ServerProcess, spawnServer } from './testing/server-process.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let started: ServerProcess[] = [];

beforeAll(buildPackage, 60_000);

beforeEach(async () => {
  directory = await temporaryDirectory();
  started = [];
});

afterEach(async () => {
  for (const server of started) {
    if (server.child.exitCode === null && server.child.signalCode === null) await server.kill('SIGKILL');
  }
  await directory.remove();
});

function start(): ServerProcess {
  const server = spawnServer(directory.path);
  started.push(server);
  return server;
}

test('prints where it listens, serves, and ends on SIGTERM with clients still connected', async () => {
  const server = start();
  const url = await server.url;
  expect(url).toMatch(/^mongodb:\/\/127\.0\.0\.1:\d+\/\?directConnection=true$/);
  await using client = await MongoClient.connect(url);
  await client.db('app').collection('things').insertOne({ a: 1 });
  await server.kill('SIGTERM');
  expect(server.child.exitCode).toBe(0);
});

test('a second process on the directory is refused with a clear word, and the first goes on', async () => {
  const first = start();
  const url = await first.url;
  const second = start();
  await expect(second.url).rejects.toThrow(
    `the data directory ${directory.path} is in use by another process`,
  );
  expect(second.child.exitCode).toBe(1);
  await using client = await MongoClient.connect(url);
  expect(await client.db('admin').command({ ping: 1 })).toMatchObject({ ok: 1 });
});

test('the lock ends with a process that is killed', async () => {
  const first = start();
  await first.url;
  await first.kill('SIGKILL');
  expect(await start().url).toContain('mongodb://');
});
