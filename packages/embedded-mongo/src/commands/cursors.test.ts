import { Long } from 'bson';
import type { Collection, Document } from 'mongodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../testing/database.ts';

let database: TestDatabase;
let things: Collection<Document>;
let now = Date.now();

beforeAll(async () => {
  database = await testDatabase({ now: () => now, maxCursors: 5, cursorTimeoutMs: 1000 });
  things = database.db.collection<Document>('things');
  await things.createIndex({ n: 1 });
  await things.insertMany(
    Array.from({ length: 1000 }, (_, n) => ({ _id: n as never, n, pad: 'x'.repeat(100) })),
  );
});

afterAll(() => database[Symbol.asyncDispose]());

const numbers = (length: number, from = 0) => Array.from({ length }, (_, i) => from + i);
const open = () => database.server.engine.counters.read('openCursors');

test.each([
  ['by index', { n: 1 } as const],
  ['in memory', { pad: 1, n: 1 } as const],
])('many batches come in order, sorted %s', async (_name, sort) => {
  const found = await things.find({}, { batchSize: 7 }).sort(sort).toArray();
  expect(found.map(({ n }) => n)).toEqual(numbers(1000));
  expect(open()).toBe(0);
});

test('skip and limit span batches', async () => {
  expect(
    await things
      .find({}, { batchSize: 10, skip: 5, limit: 25 })
      .sort({ n: 1 })
      .map(({ n }) => n)
      .toArray(),
  ).toEqual(numbers(25, 5));
  expect(
    await things
      .find({ n: { $gte: 990 } }, { batchSize: 3 })
      .map(({ n }) => n)
      .toArray(),
  ).toEqual(numbers(10, 990));
  expect(open()).toBe(0);
});

test('aggregations come in batches too', async () => {
  const found = await things
    .aggregate(
      [{ $match: { n: { $lt: 500 } } }, { $project: { m: { $multiply: ['$n', 2] } } }, { $sort: { m: 1 } }],
      { batchSize: 9 },
    )
    .toArray();
  expect(found.map(({ m }) => m)).toEqual(numbers(500).map((n) => n * 2));
});

test('a single batch and a batch size of zero', async () => {
  const { cursor } = await database.db.command({ find: 'things', batchSize: 3, singleBatch: true });
  expect([cursor.id, cursor.firstBatch.length]).toEqual(
    [Long.ZERO, 3].map((v) => (v instanceof Long ? expect.anything() : v)),
  );
  expect(String(cursor.id)).toBe('0');
  const empty = await database.db.command({ find: 'things', batchSize: 0 });
  expect(empty.cursor.firstBatch).toHaveLength(0);
  const rest = await database.db.command(
    { getMore: empty.cursor.id, collection: 'things' },
    { promoteLongs: false },
  );
  expect(rest.cursor.nextBatch).toHaveLength(1000);
});

test('a closed cursor is gone, an unknown one an error', async () => {
  const cursor = things.find({}, { batchSize: 2 });
  await cursor.next();
  expect(open()).toBe(1);
  await cursor.close();
  expect(open()).toBe(0);
  await expect(
    database.db.command({ getMore: Long.fromNumber(12345), collection: 'things' }),
  ).rejects.toMatchObject({ code: 43 });
});

test('idle cursors time out, and there are only so many', async () => {
  const cursors = numbers(5).map(() => things.find({}, { batchSize: 2 }));
  for (const cursor of cursors) await cursor.next();
  await expect(things.find({}, { batchSize: 2 }).toArray()).rejects.toThrow('too many open cursors');
  now += 2000;
  expect((await things.find({}, { batchSize: 400 }).toArray()).length).toBe(1000);
  expect(open()).toBe(0);
  const [first] = cursors;
  await first?.next();
  await expect(first?.next()).rejects.toMatchObject({ code: 43 });
  await Promise.all(cursors.map((cursor) => cursor.close()));
});

test('a cursor survives writes around it and ends with its collection', async () => {
  const moving = database.db.collection<Document>('moving');
  await moving.insertMany(numbers(300).map((n) => ({ n })));
  const cursor = moving.find({}, { batchSize: 10 });
  const seen = new Set<number>();
  for await (const { _id, n } of cursor) {
    seen.add(n);
    if (n % 3 === 0) await moving.deleteOne({ _id });
  }
  expect(seen.size).toBe(300);
  const doomed = moving.find({}, { batchSize: 2 });
  await doomed.next();
  await moving.drop();
  await doomed.next();
  await expect(doomed.next()).rejects.toMatchObject({ code: 175 });
});

test('large documents are spread over replies that a client can take', async () => {
  const large = database.db.collection<Document>('large');
  const pad = 'x'.repeat(7 * 1024 * 1024);
  for (const n of numbers(6)) await large.insertOne({ n, pad });
  expect((await large.find({}, { batchSize: 1000 }).toArray()).map(({ n }) => n)).toEqual(numbers(6));
  expect((await large.find({}).sort({ n: -1 }).toArray()).map(({ n }) => n)).toEqual(numbers(6).reverse());
}, 30_000);

test('a sort in memory has a bound', async () => {
  const large = database.db.collection<Document>('large');
  for (const n of numbers(10, 6)) await large.insertOne({ n, pad: 'x'.repeat(7 * 1024 * 1024) });
  await expect(large.find({}).sort({ pad: 1 }).toArray()).rejects.toMatchObject({ code: 292 });
  expect(await large.find({}).sort({ pad: 1, n: 1 }).limit(1).project({ n: 1, _id: 0 }).toArray()).toEqual([
    { n: 0 },
  ]);
}, 30_000);
