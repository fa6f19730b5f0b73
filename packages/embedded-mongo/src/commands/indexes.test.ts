import { Binary, Long } from 'bson';
import { type Collection, type Document, MongoServerError } from 'mongodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { deleteExpired } from '../engine/ttl.ts';
import { type TestDatabase, testDatabase } from '../testing/database.ts';

let database: TestDatabase;
let things: Collection<Document>;
let now = Date.now();

beforeAll(async () => {
  database = await testDatabase({ now: () => now });
});

afterAll(() => database[Symbol.asyncDispose]());

beforeEach(async () => {
  await database.db.dropDatabase();
  things = database.db.collection<Document>('things');
});

async function failure(work: Promise<unknown>): Promise<MongoServerError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof MongoServerError)) throw new Error('expected a server error');
  return error;
}

test('a duplicate is told in the words of the server, with pattern and value', async () => {
  await things.createIndex({ name: 1 }, { unique: true });
  await things.insertOne({ name: 'x' });
  const error = await failure(things.insertOne({ name: 'x' }));
  expect(error.code).toBe(11000);
  expect(error.errmsg ?? error.message).toBe(
    'E11000 duplicate key error collection: test.things index: name_1 dup key: { name: "x" }',
  );
  expect(error.keyPattern).toEqual({ name: 1 });
  expect(error.keyValue).toEqual({ name: 'x' });
});

test('a duplicate _id, a duplicate by update and by findAndModify', async () => {
  await things.createIndex({ a: 1, b: -1 }, { unique: true });
  await things.insertMany([
    { _id: 1, a: 1, b: 1 },
    { _id: 2, a: 1, b: 2 },
  ] as Document[]);
  expect(await failure(things.insertOne({ _id: 1 } as Document))).toMatchObject({
    code: 11000,
    keyPattern: { _id: 1 },
    keyValue: { _id: 1 },
  });
  expect(await failure(things.updateOne({ _id: 2 } as Document, { $set: { b: 1 } }))).toMatchObject({
    code: 11000,
    keyPattern: { a: 1, b: -1 },
    keyValue: { a: 1, b: 1 },
  });
  expect(await failure(things.findOneAndUpdate({ _id: 2 } as Document, { $set: { b: 1 } }))).toMatchObject({
    code: 11000,
    keyValue: { a: 1, b: 1 },
  });
  expect(await things.findOne({ _id: 2 } as Document)).toEqual({ _id: 2, a: 1, b: 2 });
});

test('of a hundred racers for one unique value exactly one wins', async () => {
  await things.createIndex({ name: 1 }, { unique: true });
  const results = await Promise.allSettled(
    Array.from({ length: 100 }, (_, racer) => things.insertOne({ name: 'x', racer })),
  );
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await things.countDocuments({})).toBe(1);
  const upserts = await Promise.all(
    Array.from({ length: 100 }, () => things.updateOne({ name: 'y' }, { $inc: { n: 1 } }, { upsert: true })),
  );
  expect(upserts.filter(({ upsertedCount }) => upsertedCount === 1)).toHaveLength(1);
  expect(await things.findOne({ name: 'y' })).toMatchObject({ n: 100 });
});

test('find-and-modify hands each job to one taker', async () => {
  await things.insertMany(Array.from({ length: 50 }, (_, n) => ({ n, taken: false })));
  const taken = await Promise.all(
    Array.from({ length: 80 }, () =>
      things.findOneAndUpdate({ taken: false }, { $set: { taken: true } }, { sort: { n: 1 } }),
    ),
  );
  const jobs = taken.filter((job) => job !== null).map((job) => job.n);
  expect(jobs.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n));
});

test('unordered and ordered inserts report the right positions', async () => {
  await things.createIndex({ n: 1 }, { unique: true });
  const documents = () => [{ n: 1 }, { n: 1 }, { n: 2 }, { n: 2 }, { n: 3 }];
  const ordered = await failure(things.insertMany(documents()));
  expect(ordered).toMatchObject({ code: 11000, insertedCount: 1, writeErrors: [{ index: 1 }] });
  await things.deleteMany({});
  const unordered = await failure(things.insertMany(documents(), { ordered: false }));
  expect(unordered).toMatchObject({ insertedCount: 3, writeErrors: [{ index: 1 }, { index: 3 }] });
});

test('a unique index sees a missing field as null, a sparse one does not see it', async () => {
  await things.createIndex({ a: 1 }, { unique: true });
  await things.insertOne({ a: null });
  expect(await failure(things.insertOne({}))).toMatchObject({ code: 11000, keyValue: { a: null } });
  await things.drop();
  await things.createIndex({ a: 1 }, { unique: true, sparse: true });
  await things.insertMany([{}, {}, { a: null }]);
  expect((await failure(things.insertOne({ a: null }))).code).toBe(11000);
  expect(await things.countDocuments({ a: null })).toBe(3);
});

test('a partial unique index binds only the documents it covers, as they come and go', async () => {
  await things.createIndex({ user: 1 }, { unique: true, partialFilterExpression: { active: true } });
  await things.insertMany([
    { _id: 1, user: 'a', active: true },
    { _id: 2, user: 'a', active: false },
    { _id: 3, user: 'a' },
  ] as Document[]);
  expect((await failure(things.insertOne({ user: 'a', active: true }))).code).toBe(11000);
  expect((await failure(things.updateOne({ _id: 2 } as Document, { $set: { active: true } }))).code).toBe(
    11000,
  );
  await things.updateOne({ _id: 1 } as Document, { $set: { active: false } });
  await things.updateOne({ _id: 2 } as Document, { $set: { active: true } });
  expect((await failure(things.updateOne({ _id: 1 } as Document, { $set: { active: true } }))).code).toBe(
    11000,
  );
  expect((await database.db.command({ validate: 'things' })).valid).toBe(true);
});

test('a unique index holds across numeric types, elements of arrays and long values', async () => {
  await things.createIndex({ a: 1 }, { unique: true });
  await things.insertOne({ a: [1, 'x', 'x'] });
  for (const a of [Long.fromNumber(1), 1, 'x', ['y', 'x']])
    expect((await failure(things.insertOne({ a }))).code).toBe(11000);
  const long = 'y'.repeat(100_000);
  await things.insertOne({ a: long });
  await things.insertOne({ a: `${long}z` });
  expect((await failure(things.insertOne({ a: long }))).code).toBe(11000);
  await things.insertOne({ a: new Binary(Buffer.from([1])) });
});

test('building a unique index over duplicates fails and leaves none', async () => {
  await things.insertMany([{ a: 1 }, { a: 1 }]);
  expect((await failure(things.createIndex({ a: 1 }, { unique: true }))).code).toBe(11000);
  expect((await things.indexes()).map(({ name }) => name)).toEqual(['_id_']);
  await things.deleteOne({ a: 1 });
  await things.createIndex({ a: 1 }, { unique: true });
});

test('indexes are listed, found again and dropped as on the server', async () => {
  expect(
    await things.createIndex({ a: 1, b: -1 }, { unique: true, partialFilterExpression: { a: { $gt: 1 } } }),
  ).toBe('a_1_b_-1');
  await things.createIndex({ a: 1, b: -1 }, { unique: true, partialFilterExpression: { a: { $gt: 1 } } });
  await things.createIndex({ at: 1 }, { expireAfterSeconds: 60 });
  expect(await things.indexes()).toEqual([
    { v: 2, key: { _id: 1 }, name: '_id_' },
    {
      v: 2,
      key: { a: 1, b: -1 },
      name: 'a_1_b_-1',
      unique: true,
      partialFilterExpression: { a: { $gt: 1 } },
    },
    { v: 2, key: { at: 1 }, name: 'at_1', expireAfterSeconds: 60 },
  ]);
  expect((await failure(things.createIndex({ at: 1 }, { expireAfterSeconds: 61 }))).code).toBe(85);
  expect((await failure(things.createIndex({ c: 1 }, { name: 'at_1' }))).code).toBe(86);
  await things.dropIndex('at_1');
  expect((await failure(things.dropIndex('at_1'))).code).toBe(27);
  expect((await failure(things.dropIndex('_id_'))).code).toBe(72);
  await things.dropIndexes();
  expect(await things.indexes()).toHaveLength(1);
});

test.each<[string, Document, Document]>([
  ['a text index', { a: 'text' }, {}],
  ['a hashed index', { a: 'hashed' }, {}],
  ['a wildcard index', { '$**': 1 }, {}],
  ['a direction of zero', { a: 0 }, {}],
  ['a compound TTL', { a: 1, b: 1 }, { expireAfterSeconds: 1 }],
  ['an unsupported partial filter', { a: 1 }, { partialFilterExpression: { a: { $ne: 1 } } }],
  ['sparse and partial together', { a: 1 }, { sparse: true, partialFilterExpression: { a: 1 } }],
])('refuses %s', async (_name, key, options) => {
  expect((await failure(things.createIndex(key as never, options))).code).toBe(67);
});

test('two arrays cannot be indexed together', async () => {
  await things.createIndex({ a: 1, b: 1 });
  expect((await failure(things.insertOne({ a: [1], b: [2] }))).code).toBe(171);
  await things.insertOne({ a: [1, 2], b: 2 });
  expect(await things.countDocuments({ a: 2, b: 2 })).toBe(1);
});

test('TTL deletes what is due by the clock, and only dates', async () => {
  const at = (ageSeconds: number) => new Date(now - ageSeconds * 1000);
  await things.createIndex({ at: 1 }, { expireAfterSeconds: 60 });
  await things.insertMany([
    { _id: 'old', at: at(61) },
    { _id: 'fresh', at: at(59) },
    { _id: 'text', at: 'yesterday' },
    { _id: 'number', at: 0 },
    { _id: 'none' },
    { _id: 'array', at: [at(10), at(100)] },
    { _id: 'ancient', at: new Date(-5) },
  ] as unknown as Document[]);
  const { engine } = database.server;
  expect(await deleteExpired(engine)).toBe(3);
  expect(
    (
      await things
        .find()
        .map(({ _id }) => String(_id))
        .toArray()
    ).sort(),
  ).toEqual(['fresh', 'none', 'number', 'text']);
  now += 2000;
  expect(await deleteExpired(engine)).toBe(1);
  await things.dropIndexes();
  await things.createIndex({ until: -1 }, { expireAfterSeconds: 0 });
  await things.insertMany([{ until: at(1) }, { until: at(-1) }]);
  expect(await deleteExpired(engine)).toBe(1);
});

test('the TTL monitor runs by itself', async () => {
  await using own = await testDatabase({ ttlIntervalMs: 20 });
  const sessions = own.db.collection('sessions');
  await sessions.createIndex({ expires: 1 }, { expireAfterSeconds: 0 });
  await sessions.insertOne({ expires: new Date(0) });
  await expect.poll(() => sessions.countDocuments({}), { timeout: 5000 }).toBe(0);
});
