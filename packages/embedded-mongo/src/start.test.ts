import { MongoClient } from 'mongodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DataDirLockedError, startEmbeddedMongo } from './index.ts';
import { temporaryDirectory } from './testing/database.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeEach(async () => {
  directory = await temporaryDirectory();
});

afterEach(async () => {
  await directory.remove();
});

test('keeps what was written over a restart', async () => {
  {
    await using database = await startEmbeddedMongo({ dataDir: directory.path });
    await using client = await MongoClient.connect(database.url);
    await client.db('app').collection<{ _id: number }>('things').insertOne({ _id: 1 });
  }
  await using database = await startEmbeddedMongo({ dataDir: directory.path });
  await using client = await MongoClient.connect(database.url);
  expect(await client.db('app').collection('things').find().toArray()).toEqual([{ _id: 1 }]);
});

test('refuses a directory that another server has open', async () => {
  await using _database = await startEmbeddedMongo({ dataDir: directory.path });
  await expect(startEmbeddedMongo({ dataDir: directory.path })).rejects.toThrow(DataDirLockedError);
});

test('refuses a host that is not loopback', async () => {
  await expect(startEmbeddedMongo({ dataDir: directory.path, host: '0.0.0.0' })).rejects.toThrow('loopback');
});

test('counts across threads', async () => {
  await using database = await startEmbeddedMongo({ dataDir: directory.path });
  await using client = await MongoClient.connect(database.url);
  const things = client.db('app').collection('things');
  await things.insertMany([{ n: 1 }, { n: 2 }]);
  await things.find({ n: 2 }).toArray();
  expect(database.stats()).toMatchObject({ docsWritten: 2, docsExamined: 2 });
});
