import type { Collection, Document } from 'mongodb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type TestDatabase, testDatabase } from '../testing/database.ts';

let database: TestDatabase;
let things: Collection<Document>;

beforeEach(async () => {
  database = await testDatabase();
  things = database.db.collection<Document>('things');
  await things.createIndex({ n: 1 }, { unique: true });
  await things.insertOne({ n: 0 });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await database[Symbol.asyncDispose]();
});

function failCommits(code: string): void {
  const { writer } = database.server.engine.store;
  const exec = writer.exec.bind(writer);
  vi.spyOn(writer, 'exec').mockImplementation((sql) => {
    if (sql === 'COMMIT') throw Object.assign(new Error('injected'), { code });
    exec(sql);
  });
}

test('a full disk is an error to every writer of the batch, leaves nothing, and writing goes on when there is room', async () => {
  const { writer } = database.server.engine.store;
  const pages = writer.rows('PRAGMA page_count')[0]?.[0];
  writer.rows(`PRAGMA max_page_count = ${Number(pages) + 2}`);
  const pad = 'x'.repeat(100_000);
  const results = await Promise.allSettled(
    Array.from({ length: 10 }, (_, i) => things.insertOne({ n: i + 1, pad })),
  );
  expect(results.every((result) => result.status === 'rejected' && result.reason.code === 14031)).toBe(true);
  expect(await things.countDocuments({})).toBe(1);
  writer.rows('PRAGMA max_page_count = 1000000');
  await things.insertOne({ n: 1, pad });
  expect(await things.countDocuments({})).toBe(2);
  expect(await database.db.command({ validate: 'things' })).toMatchObject({ valid: true });
});

test('a commit that fails is not acknowledged, and what it wrote is not seen', async () => {
  failCommits('SQLITE_BUSY');
  const results = await Promise.allSettled([
    things.insertOne({ n: 1 }),
    things.updateOne({ n: 0 }, { $set: { x: 1 } }),
    things.findOneAndUpdate({ n: 0 }, { $set: { y: 1 } }),
    things.deleteOne({ n: 0 }),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected']);
  vi.restoreAllMocks();
  expect(await things.find({}, { projection: { _id: 0 } }).toArray()).toEqual([{ n: 0 }]);
  await things.insertOne({ n: 1 });
  expect(await database.db.command({ validate: 'things' })).toMatchObject({ valid: true });
});

test('after a failed fsync nothing is written any more, for what is on disk is unknown; reads go on', async () => {
  failCommits('SQLITE_IOERR_FSYNC');
  await expect(things.insertOne({ n: 1 })).rejects.toMatchObject({ code: 1 });
  vi.restoreAllMocks();
  await expect(things.insertOne({ n: 2 })).rejects.toMatchObject({ code: 1 });
  expect(await things.countDocuments({})).toBe(1);
});

test('a write that finds nothing to do because of another that is not stored in the end fails with it', async () => {
  const pooled = Array.from({ length: 6 }, () => things.countDocuments({}));
  await Promise.all(pooled);
  failCommits('SQLITE_BUSY');
  const deleting = things.deleteOne({ n: 0 });
  const late = Array.from({ length: 5 }, () => things.updateOne({ n: 0 }, { $set: { x: 1 } }));
  const results = await Promise.allSettled([deleting, ...late]);
  expect(results.map(({ status }) => status)).toEqual(Array(6).fill('rejected'));
  vi.restoreAllMocks();
  expect(await things.find({}, { projection: { _id: 0 } }).toArray()).toEqual([{ n: 0 }]);
});

test('a collection whose creation fails to commit is not there', async () => {
  failCommits('SQLITE_BUSY');
  await expect(database.db.createCollection('fresh')).rejects.toMatchObject({ code: 1 });
  await expect(database.db.collection('other').insertOne({})).rejects.toMatchObject({ code: 1 });
  vi.restoreAllMocks();
  expect((await database.db.listCollections().toArray()).map(({ name }) => name)).toEqual(['things']);
  await database.db.createCollection('fresh');
});

test('nobody sees a write before it is durable', async () => {
  const { engine } = database.server;
  const seen = await engine.write('test.things', async (begin) => {
    begin();
    const collection = engine.collection('test', 'things');
    collection?.insert(new Map([['_id', 'early']]), Buffer.from([5, 0, 0, 0, 0]));
    return engine.store.reader.rows(`SELECT count(*) FROM ${collection?.table ?? ''}`)[0]?.[0];
  });
  expect(seen).toBe(1);
  expect(await things.estimatedDocumentCount()).toBe(2);
});

test('a write that a fault of another one interrupts does not go on with what it knew before', async () => {
  const { engine } = database.server;
  const interrupted = engine.write('test.things', async (begin) => {
    begin();
    failCommits('SQLITE_BUSY');
    engine.store.commits.flush();
    vi.restoreAllMocks();
    begin();
  });
  await expect(interrupted).rejects.toMatchObject({ code: 1 });
  await things.insertOne({ n: [1, 2] });
  expect(await things.countDocuments({ n: { $gte: 2, $lte: 2 } })).toBe(1);
});

test('every commit is fsynced: the log is in WAL mode with full synchronisation', () => {
  const { writer } = database.server.engine.store;
  expect(writer.rows('PRAGMA journal_mode')).toEqual([['wal']]);
  expect(writer.rows('PRAGMA synchronous')).toEqual([[2]]);
});
