import { Double, Long } from 'bson';
import type { Document } from 'mongodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Loose, type TestDatabase, testDatabase } from '../testing/database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});

afterAll(() => database[Symbol.asyncDispose]());

interface Case {
  readonly name: string;
  readonly before: Document;
  readonly update: Document | Document[];
  readonly after: Document;
  readonly filter?: Document;
  readonly arrayFilters?: Document[];
}

const CASES: readonly Case[] = [
  {
    name: '$set creates the way to a field',
    before: { a: 1 },
    update: { $set: { 'b.c.d': 2 } },
    after: { a: 1, b: { c: { d: 2 } } },
  },
  {
    name: '$set on an array index',
    before: { a: [1, 2] },
    update: { $set: { 'a.1': 9 } },
    after: { a: [1, 9] },
  },
  {
    name: '$set beyond the end of an array',
    before: { a: [1] },
    update: { $set: { 'a.3': 9 } },
    after: { a: [1, null, null, 9] },
  },
  {
    name: '$unset',
    before: { a: 1, b: { c: 1, d: 2 } },
    update: { $unset: { a: '', 'b.c': '' } },
    after: { b: { d: 2 } },
  },
  {
    name: '$unset in an array leaves null',
    before: { a: [1, 2, 3] },
    update: { $unset: { 'a.1': '' } },
    after: { a: [1, null, 3] },
  },
  {
    name: '$inc of a present and a missing field',
    before: { a: 1 },
    update: { $inc: { a: 2, b: -3 } },
    after: { a: 3, b: -3 },
  },
  {
    name: '$inc past int32',
    before: { a: 2147483647 },
    update: { $inc: { a: 1 } },
    after: { a: 2147483648 },
  },
  {
    name: '$mul',
    before: { a: 3, b: 2.5 },
    update: { $mul: { a: 4, b: 2, c: 7 } },
    after: { a: 12, b: 5, c: 0 },
  },
  {
    name: '$min and $max',
    before: { a: 5, b: 5, d: 'x' },
    update: { $min: { a: 3, c: 1 }, $max: { b: 9, d: 4 } },
    after: { a: 3, b: 9, d: 'x', c: 1 },
  },
  { name: '$push', before: { a: [1] }, update: { $push: { a: 2, b: 3 } }, after: { a: [1, 2], b: [3] } },
  {
    name: '$push of an array is one element',
    before: { a: [] },
    update: { $push: { a: [1, 2] } },
    after: { a: [[1, 2]] },
  },
  {
    name: '$push $each',
    before: { a: [1] },
    update: { $push: { a: { $each: [2, 3] } } },
    after: { a: [1, 2, 3] },
  },
  {
    name: '$push $position',
    before: { a: [1, 4] },
    update: { $push: { a: { $each: [2, 3], $position: 1 } } },
    after: { a: [1, 2, 3, 4] },
  },
  {
    name: '$push with a negative $position',
    before: { a: [1, 2, 5] },
    update: { $push: { a: { $each: [4], $position: -1 } } },
    after: { a: [1, 2, 4, 5] },
  },
  {
    name: '$push $slice keeps the last',
    before: { a: [1, 2] },
    update: { $push: { a: { $each: [3, 4], $slice: -3 } } },
    after: { a: [2, 3, 4] },
  },
  {
    name: '$push $slice keeps the first',
    before: { a: [1, 2] },
    update: { $push: { a: { $each: [3, 4], $slice: 3 } } },
    after: { a: [1, 2, 3] },
  },
  {
    name: '$push $sort of values',
    before: { a: [3, 1] },
    update: { $push: { a: { $each: [2], $sort: -1 } } },
    after: { a: [3, 2, 1] },
  },
  {
    name: '$push $sort by a field, then $slice',
    before: { a: [{ n: 3 }, { n: 1 }] },
    update: { $push: { a: { $each: [{ n: 2 }], $sort: { n: 1 }, $slice: 2 } } },
    after: { a: [{ n: 1 }, { n: 2 }] },
  },
  {
    name: '$addToSet',
    before: { a: [1, { x: 1 }] },
    update: { $addToSet: { a: { $each: [1, 2, { x: 1 }, 2] } } },
    after: { a: [1, { x: 1 }, 2] },
  },
  { name: '$pop last', before: { a: [1, 2, 3] }, update: { $pop: { a: 1 } }, after: { a: [1, 2] } },
  { name: '$pop first', before: { a: [1, 2, 3] }, update: { $pop: { a: -1 } }, after: { a: [2, 3] } },
  { name: '$pull of a value', before: { a: [1, 2, 1] }, update: { $pull: { a: 1 } }, after: { a: [2] } },
  {
    name: '$pull by condition',
    before: { a: [1, 5, 9] },
    update: { $pull: { a: { $gte: 5 } } },
    after: { a: [1] },
  },
  {
    name: '$pull by query on documents',
    before: { a: [{ x: 1, y: 2 }, { x: 2 }] },
    update: { $pull: { a: { x: 1 } } },
    after: { a: [{ x: 2 }] },
  },
  { name: '$pullAll', before: { a: [1, 2, 3, 1] }, update: { $pullAll: { a: [1, 3] } }, after: { a: [2] } },
  {
    name: '$rename',
    before: { a: 1, b: { c: 2 } },
    update: { $rename: { a: 'z', 'b.c': 'b.d' } },
    after: { b: { d: 2 }, z: 1 },
  },
  { name: '$rename of a missing field', before: { a: 1 }, update: { $rename: { x: 'y' } }, after: { a: 1 } },
  {
    name: '$bit',
    before: { a: 13, b: 3, c: 1 },
    update: { $bit: { a: { and: 10 }, b: { or: 5 }, c: { xor: 5 } } },
    after: { a: 8, b: 7, c: 4 },
  },
  {
    name: '$setOnInsert does nothing to a present document',
    before: { a: 1 },
    update: { $set: { a: 2 }, $setOnInsert: { b: 1 } },
    after: { a: 2 },
  },
  {
    name: 'positional $',
    before: { a: [1, 5, 9] },
    filter: { a: 5 },
    update: { $set: { 'a.$': 0 } },
    after: { a: [1, 0, 9] },
  },
  {
    name: 'positional $ in documents',
    before: {
      a: [
        { k: 'x', n: 1 },
        { k: 'y', n: 1 },
      ],
    },
    filter: { 'a.k': 'y' },
    update: { $inc: { 'a.$.n': 5 } },
    after: {
      a: [
        { k: 'x', n: 1 },
        { k: 'y', n: 6 },
      ],
    },
  },
  {
    name: 'positional $ after $elemMatch',
    before: {
      a: [
        { k: 'x', n: 1 },
        { k: 'x', n: 2 },
      ],
    },
    filter: { a: { $elemMatch: { k: 'x', n: 2 } } },
    update: { $set: { 'a.$.n': 7 } },
    after: {
      a: [
        { k: 'x', n: 1 },
        { k: 'x', n: 7 },
      ],
    },
  },
  {
    name: '$[]',
    before: { a: [{ n: 1 }, { n: 2 }] },
    update: { $inc: { 'a.$[].n': 10 } },
    after: { a: [{ n: 11 }, { n: 12 }] },
  },
  {
    name: '$[id]',
    before: { a: [1, 5, 9] },
    update: { $set: { 'a.$[big]': 0 } },
    arrayFilters: [{ big: { $gte: 5 } }],
    after: { a: [1, 0, 0] },
  },
  {
    name: 'nested $[id]',
    before: {
      a: [
        { b: [{ c: 1 }, { c: 2 }], k: 1 },
        { b: [{ c: 2 }], k: 2 },
      ],
    },
    update: { $set: { 'a.$[x].b.$[y].c': 9 } },
    arrayFilters: [{ 'x.k': 1 }, { 'y.c': 2 }],
    after: {
      a: [
        { b: [{ c: 1 }, { c: 9 }], k: 1 },
        { b: [{ c: 2 }], k: 2 },
      ],
    },
  },
  {
    name: 'new fields come in order of name',
    before: { m: 0 },
    update: { $set: { z: 1, b: 2 } },
    after: { m: 0, b: 2, z: 1 },
  },
  {
    name: 'a pipeline',
    before: { a: 2, b: 3 },
    update: [{ $set: { sum: { $add: ['$a', '$b'] } } }, { $unset: 'b' }],
    after: { a: 2, sum: 5 },
  },
];

test.each(CASES)('$name', async ({ before, filter, update, arrayFilters, after }) => {
  const things = database.db.collection<Loose>('cases');
  await things.deleteMany({});
  await things.insertOne({ _id: 1, ...before });
  const options = arrayFilters === undefined ? {} : { arrayFilters };
  expect((await things.updateOne({ _id: 1, ...filter }, update, options)).matchedCount).toBe(1);
  const found = await things.findOne({});
  expect(found).toEqual({ _id: 1, ...after });
  expect(Object.keys(found ?? {})).toEqual(['_id', ...Object.keys(after)]);
});

const REFUSED: readonly {
  name: string;
  update: Document;
  code: number;
  before?: Document;
  arrayFilters?: Document[];
}[] = [
  { name: 'an unknown operator', update: { $frobnicate: { a: 1 } }, code: 9 },
  { name: 'two changes of one field', update: { $set: { a: 1 }, $inc: { a: 1 } }, code: 40 },
  { name: 'changes of a field and its child', update: { $set: { a: 1, 'a.b': 1 } }, code: 40 },
  { name: 'a way through a scalar', before: { a: 1 }, update: { $set: { 'a.b': 1 } }, code: 28 },
  { name: '$inc of text', before: { a: 'x' }, update: { $inc: { a: 1 } }, code: 14 },
  { name: '$push to a scalar', before: { a: 1 }, update: { $push: { a: 1 } }, code: 2 },
  { name: 'a new _id', update: { $set: { _id: 2 } }, code: 66 },
  { name: 'removing _id', update: { $unset: { _id: 1 } }, code: 66 },
  { name: '$ without an array in the query', before: { a: [1] }, update: { $set: { 'a.$': 1 } }, code: 2 },
  {
    name: 'an array filter that is not there',
    before: { a: [1] },
    update: { $set: { 'a.$[x]': 1 } },
    code: 2,
  },
  { name: 'an array filter that is not used', update: { $set: { a: 1 } }, arrayFilters: [{ x: 1 }], code: 9 },
  { name: 'an unknown $push clause', update: { $push: { a: { $each: [1], $wrong: 1 } } }, code: 2 },
  { name: 'an empty field name', update: { $set: { 'a..b': 1 } }, code: 56 },
  { name: 'a huge array gap', before: { a: [] }, update: { $set: { 'a.1999999999': 1 } }, code: 2 },
];

test.each(REFUSED)('refuses $name', async ({ before, update, arrayFilters, code }) => {
  const things = database.db.collection<Loose>('refused');
  await things.deleteMany({});
  await things.insertOne({ _id: 1, ...before });
  const options = arrayFilters === undefined ? {} : { arrayFilters };
  await expect(things.updateOne({ _id: 1 }, update, options)).rejects.toMatchObject({ code });
  expect(await things.findOne({})).toEqual({ _id: 1, ...before });
});

test('$currentDate is the server’s time', async () => {
  const things = database.db.collection<Loose>('dates');
  const before = Date.now();
  await things.updateOne(
    { _id: 1 },
    { $currentDate: { at: { $type: 'date' }, ts: { $type: 'timestamp' } } },
    { upsert: true },
  );
  const found = await things.findOne({});
  expect(found?.at.getTime()).toBeGreaterThanOrEqual(before);
  expect(found?.ts._bsontype).toBe('Timestamp');
});

test('fields that are not touched keep their exact types', async () => {
  const things = database.db.collection<Loose>('types');
  const exact = {
    _id: 1,
    double: new Double(5),
    long: Long.fromNumber(5),
    n: { 10: new Double(1), 2: 'x' },
  };
  await things.insertOne(exact);
  await things.updateOne({}, { $set: { added: 1 }, $inc: { double: 1 } });
  await things.updateOne({}, [{ $set: { more: 1 } }]);
  const raw = await things.findOne({}, { promoteValues: false });
  expect(raw).toMatchObject({
    double: { value: 6, _bsontype: 'Double' },
    long: { _bsontype: 'Long' },
    n: { 10: { _bsontype: 'Double' } },
  });
});

test('an upsert takes over what the query holds equal', async () => {
  const things = database.db.collection<Loose>('upserts');
  const filter = { 'a.b': 1, c: { $eq: 2 }, d: { $gt: 5 }, $and: [{ e: 3 }], f: { $in: [4] } };
  const { upsertedId } = await things.updateOne(
    filter,
    { $set: { g: 5 }, $setOnInsert: { h: 6 } },
    { upsert: true },
  );
  expect(await things.findOne({})).toEqual({ _id: upsertedId, a: { b: 1 }, c: 2, e: 3, f: 4, g: 5, h: 6 });
});

test('an upsert by replacement keeps the _id of the query', async () => {
  const things = database.db.collection<Loose>('replaced');
  await things.replaceOne({ _id: 7, x: 1 }, { y: 2 }, { upsert: true });
  expect(await things.find().toArray()).toEqual([{ _id: 7, y: 2 }]);
});

test('updateMany counts what matched and what changed, and never meets a document twice', async () => {
  const things = database.db.collection<Loose>('many');
  await things.createIndex({ n: 1 });
  await things.insertMany(Array.from({ length: 500 }, (_, n) => ({ n })));
  expect(await things.updateMany({ n: { $gte: 0 } }, { $inc: { n: 1000 } })).toMatchObject({
    matchedCount: 500,
    modifiedCount: 500,
  });
  expect(await things.countDocuments({ n: { $gte: 1000, $lt: 1500 } })).toBe(500);
  expect(await things.updateMany({}, { $min: { n: 1100 } })).toMatchObject({
    matchedCount: 500,
    modifiedCount: 399,
  });
});
