import { Long, ObjectId, UUID } from 'bson';
import { type Document, MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { equalValues } from '../bson/compare.ts';
import { doc } from '../bson/value.ts';
import { type TestDatabase, testDatabase } from '../testing/database.ts';
import { OpCode } from '../wire/message.ts';
import { dispatch } from './dispatcher.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});

afterAll(() => database[Symbol.asyncDispose]());

beforeEach(async () => {
  await database.db.dropDatabase();
});

test('the driver’s everyday calls', async () => {
  const things = database.db.collection<Document>('things');
  expect(await things.insertOne({ a: 1 })).toMatchObject({ acknowledged: true });
  await things.insertMany([{ a: 2 }, { a: 3 }, { a: 3 }]);
  expect(await things.findOne({ a: 2 })).toMatchObject({ a: 2 });
  expect(await things.countDocuments({ a: { $gt: 1 } })).toBe(3);
  expect(await things.countDocuments({ a: 99 })).toBe(0);
  expect(await things.estimatedDocumentCount()).toBe(4);
  expect((await things.distinct('a')).sort((x, y) => x - y)).toEqual([1, 2, 3]);
  expect(await things.replaceOne({ a: 1 }, { b: 1 })).toMatchObject({ matchedCount: 1, modifiedCount: 1 });
  expect(await things.updateOne({ b: 1 }, { $set: { b: 1 } })).toMatchObject({
    matchedCount: 1,
    modifiedCount: 0,
  });
  expect(await things.findOneAndUpdate({ a: 2 }, { $inc: { a: 10 } })).toMatchObject({ a: 2 });
  expect(
    await things.findOneAndUpdate(
      { a: 12 },
      { $inc: { a: 1 } },
      { returnDocument: 'after', projection: { a: 1, _id: 0 } },
    ),
  ).toEqual({ a: 13 });
  expect(await things.findOneAndReplace({ a: 13 }, { c: 1 }, { returnDocument: 'after' })).toMatchObject({
    c: 1,
  });
  expect(await things.findOneAndDelete({ c: 1 })).toMatchObject({ c: 1 });
  expect(await things.findOneAndDelete({ c: 1 })).toBeNull();
  expect(await things.deleteMany({ a: 3 })).toMatchObject({ deletedCount: 2 });
  expect(await things.find().toArray()).toHaveLength(1);
});

test('bulk writes of every kind', async () => {
  const things = database.db.collection<Document>('things');
  const result = await things.bulkWrite([
    { insertOne: { document: { _id: 1 as never, n: 1 } } },
    { insertOne: { document: { _id: 2 as never, n: 2 } } },
    { updateOne: { filter: { n: 1 }, update: { $set: { x: 1 } } } },
    { updateMany: { filter: {}, update: { $inc: { n: 10 } } } },
    { replaceOne: { filter: { n: 12 }, replacement: { n: 0 } } },
    { updateOne: { filter: { n: 77 }, update: { $set: { y: 1 } }, upsert: true } },
    { deleteOne: { filter: { n: 0 } } },
  ]);
  expect(result).toMatchObject({
    insertedCount: 2,
    matchedCount: 4,
    modifiedCount: 4,
    deletedCount: 1,
    upsertedCount: 1,
  });
});

test('databases and collections', async () => {
  await database.db.createCollection('made');
  await database.db.collection('used').insertOne({});
  expect((await database.db.listCollections().toArray()).map(({ name }) => name).sort()).toEqual([
    'made',
    'used',
  ]);
  expect(await database.db.listCollections({ name: 'made' }, { nameOnly: true }).toArray()).toEqual([
    { name: 'made', type: 'collection' },
  ]);
  await expect(database.db.createCollection('made')).rejects.toMatchObject({ code: 48 });
  await expect(database.db.createCollection('capped', { capped: true, size: 1000 })).rejects.toThrow();
  await expect(database.db.createCollection('checked', { validator: { a: 1 } })).rejects.toMatchObject({
    code: 40415,
  });
  expect((await database.client.db().admin().listDatabases()).databases.map(({ name }) => name)).toContain(
    'test',
  );
  expect(await database.db.dropCollection('made')).toBe(true);
  await database.db.dropCollection('never-there');
  await expect(database.db.collection('a$b').insertOne({})).rejects.toMatchObject({ code: 73 });
});

test('write concerns are accepted and unacknowledged writes are read by their own connection', async () => {
  await using client = new MongoClient(database.url, { maxPoolSize: 1, directConnection: true });
  const things = client.db('test').collection('things');
  await things.insertOne({ n: 0 }, { writeConcern: { w: 'majority', j: true } });
  for (let n = 1; n <= 20; n++) await things.insertOne({ n }, { writeConcern: { w: 0 } });
  expect(await things.countDocuments({})).toBe(21);
});

test('sessions are accepted, transactions refused as by a standalone', async () => {
  const session = database.client.startSession();
  await database.db.collection('things').insertOne({ a: 1 }, { session });
  expect(await database.db.collection('things').countDocuments({}, { session })).toBe(1);
  session.startTransaction();
  await expect(database.db.collection('things').insertOne({ a: 2 }, { session })).rejects.toMatchObject({
    // The driver wraps this answer of a standalone in advice about retryable writes.
    originalError: {
      code: 20,
      codeName: 'IllegalOperation',
      message: 'Transaction numbers are only allowed on a replica set member or mongos',
    },
  });
  await session.abortTransaction();
  await session.endSession();
  await expect(database.client.db('admin').command({ commitTransaction: 1 })).rejects.toMatchObject({
    code: 20,
  });
  expect(await database.db.collection('things').countDocuments({})).toBe(1);
});

describe('what is not there is an error', () => {
  test.each<[Document, number]>([
    [{ frobnicate: 1 }, 59],
    [{ constructor: 1 }, 59],
    [{ mapReduce: 'things' }, 59],
    [{ find: 'things', frobnicate: 1 }, 40415],
    [{ find: 'things', collation: { locale: 'de' } }, 2],
    [{ find: 'things', tailable: true }, 40415],
    [{ find: 'things', filter: 'x' }, 14],
    [{ find: 'things', skip: -1 }, 51024],
    [{ find: 5 }, 73],
    [{ update: 'things', updates: [{ q: {}, u: { $set: { a: 1 } }, frobnicate: 1 }] }, 40415],
    [{ insert: 'things', documents: [] }, 16],
    [{ insert: 'things' }, 40414],
    [{ aggregate: 'things', pipeline: [{ $frobnicate: {} }], cursor: {} }, 40324],
    [{ aggregate: 'things', pipeline: [{ $out: 'x' }], cursor: {} }, 2],
    [{ aggregate: 'things', pipeline: [{ $changeStream: {} }], cursor: {} }, 40573],
    [
      {
        aggregate: 'things',
        pipeline: [{ $project: { x: { $function: { body: 'x', args: [], lang: 'js' } } } }],
        cursor: {},
      },
      2,
    ],
    [{ aggregate: 'things', pipeline: [{ $group: { _id: 1, x: { $accumulator: {} } } }], cursor: {} }, 2],
    [{ aggregate: 'things', pipeline: [{ $match: { $where: '1' } }], cursor: {} }, 2],
    [{ aggregate: 1, pipeline: [], cursor: {} }, 73],
  ])('%j', async (command, code) => {
    await database.db.collection('things').insertOne({ a: 1 });
    const error: unknown = await database.db.command(command).then(
      (reply) => reply.writeErrors?.[0],
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code });
  });

  test('an unknown command names itself', async () => {
    await expect(database.db.command({ frobnicate: 1 })).rejects.toMatchObject({
      codeName: 'CommandNotFound',
      message: "no such command: 'frobnicate'",
    });
  });
});

test('aggregations', async () => {
  const orders = database.db.collection<Document>('orders');
  const users = database.db.collection<Document>('users');
  const [ann, bob] = [new ObjectId(), new ObjectId()];
  await users.insertMany([
    { _id: ann, name: 'ann' },
    { _id: bob, name: 'bob' },
  ]);
  await orders.insertMany([
    { user: ann, total: 5, tags: ['x', 'y'], at: new Date(5) },
    { user: ann, total: 7, tags: ['y'], at: new Date(9) },
    { user: bob, total: 1, tags: [], at: new Date(1) },
  ]);
  expect(
    await orders
      .aggregate([
        { $group: { _id: '$user', sum: { $sum: '$total' }, last: { $max: '$at' }, n: { $sum: 1 } } },
        { $sort: { sum: -1 } },
      ])
      .toArray(),
  ).toEqual([
    { _id: ann, sum: 12, last: new Date(9), n: 2 },
    { _id: bob, sum: 1, last: new Date(1), n: 1 },
  ]);
  expect(
    await orders
      .aggregate([
        { $match: { total: { $gt: 5 } } },
        { $lookup: { from: 'users', localField: 'user', foreignField: '_id', as: 'who' } },
        { $unwind: '$who' },
        { $project: { _id: 0, name: '$who.name' } },
      ])
      .toArray(),
  ).toEqual([{ name: 'ann' }]);
  expect(await orders.aggregate([{ $unwind: '$tags' }, { $sortByCount: '$tags' }]).toArray()).toEqual([
    { _id: 'y', count: 2 },
    { _id: 'x', count: 1 },
  ]);
  expect(await orders.aggregate([{ $match: { user: ann } }, { $count: 'n' }]).toArray()).toEqual([{ n: 2 }]);
  expect(
    await orders
      .aggregate([
        {
          $facet: {
            all: [{ $count: 'n' }],
            big: [{ $match: { user: ann, total: { $gte: 7 } } }, { $project: { _id: 0, total: 1 } }],
          },
        },
      ])
      .toArray(),
  ).toEqual([{ all: [{ n: 3 }], big: [{ total: 7 }] }]);
  const before = database.server.engine.counters.read('docsExamined');
  await orders.createIndex({ at: 1 });
  await orders
    .aggregate([{ $match: { at: { $gt: new Date(4) } } }, { $sort: { at: -1 } }, { $limit: 1 }])
    .toArray();
  expect(database.server.engine.counters.read('docsExamined') - before).toBe(1);
});

test('arithmetic that JavaScript would get wrong is refused, not rounded', async () => {
  const things = database.db.collection<Document>('things');
  await things.insertOne({ n: Long.fromString('9007199254740993') });
  await expect(
    things.aggregate([{ $group: { _id: null, sum: { $sum: '$n' } } }]).toArray(),
  ).rejects.toMatchObject({ code: 238 });
  await things.updateOne({}, { $inc: { n: 1 } });
  expect(String((await things.findOne({}, { promoteLongs: false }))?.n)).toBe('9007199254740994');
  await things.updateOne({}, { $set: { n: Long.MAX_VALUE } });
  await expect(things.updateOne({}, { $inc: { n: 1 } })).rejects.toMatchObject({ code: 2 });
});

test('identifiers of every kind, and what cannot be one', async () => {
  const things = database.db.collection<Document>('things');
  const ids: unknown[] = [1, 'x', new ObjectId(), new UUID(), new Date(0), { a: 1, b: [2] }, true];
  for (const _id of ids) await things.insertOne({ _id } as Document);
  for (const _id of ids) expect(await things.findOne({ _id } as Document)).toEqual({ _id });
  await expect(things.insertOne({ _id: [1] } as unknown as Document)).rejects.toMatchObject({ code: 53 });
  await expect(things.insertOne({ _id: /x/ } as unknown as Document)).rejects.toMatchObject({ code: 53 });
  await expect(things.insertOne({ _id: { $x: 1 } } as unknown as Document)).rejects.toMatchObject({
    code: 52,
  });
});

test('a document has a largest size, also after an update', async () => {
  const things = database.db.collection<Document>('things');
  const half = 'x'.repeat(9 * 1024 * 1024);
  await things.insertOne({ _id: 1 as never, half });
  await expect(things.updateOne({}, { $set: { other: half } })).rejects.toMatchObject({ code: 10334 });
  expect(await things.countDocuments({})).toBe(1);
}, 20_000);

test('group commit: writes of one turn share one fsync, and concurrent clients share some', async () => {
  const { engine } = database.server;
  await database.db.createCollection('things');
  const commits = () => engine.counters.read('commits');
  const before = commits();
  const request = (n: number) => ({
    requestId: n,
    opCode: OpCode.msg,
    db: 'test',
    body: doc({ insert: 'things', documents: [{ _id: n }] }),
    sequences: new Map(),
    moreToCome: false,
  });
  const replies = await Promise.all(Array.from({ length: 500 }, (_, n) => dispatch(engine, request(n), 1)));
  expect(commits() - before).toBe(1);
  expect(replies.every((reply) => equalValues(reply.get('n') ?? null, 1))).toBe(true);
  const things = database.db.collection<Document>('things');
  await Promise.all(Array.from({ length: 500 }, (_, n) => things.insertOne({ n })));
  expect(commits() - before).toBeLessThan(250);
});

test('maxTimeMS ends a long scan', async () => {
  const things = database.db.collection<Document>('things');
  await things.insertMany(Array.from({ length: 20_000 }, (_, n) => ({ n })));
  await expect(things.find({ n: -1 }).maxTimeMS(1).toArray()).rejects.toMatchObject({ code: 50 });
});
