import { Decimal128, Double, Long, ObjectId } from 'bson';
import type { Document } from 'mongodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Loose, type TestDatabase, testDatabase } from '../testing/database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});

afterAll(() => database[Symbol.asyncDispose]());

const id = new ObjectId('0123456789abcdef01234567');

/** Each: documents by a name, a query, and the names that it finds. */
const CASES: readonly { query: Document; documents: Record<string, Document>; found: string[] }[] = [
  {
    query: { a: null },
    documents: {
      missing: {},
      none: { a: null },
      zero: { a: 0 },
      empty: { a: [] },
      inside: { a: [1, null] },
      deep: { a: { b: null } },
    },
    found: ['missing', 'none', 'inside'],
  },
  {
    query: { a: { $ne: null } },
    documents: { missing: {}, none: { a: null }, zero: { a: 0 }, empty: { a: [] } },
    found: ['zero', 'empty'],
  },
  {
    query: { 'a.b': null },
    documents: {
      missing: {},
      scalar: { a: 5 },
      none: { a: { b: null } },
      set: { a: { b: 1 } },
      some: { a: [{ b: 1 }, {}] },
      scalars: { a: [1, 2] },
      empty: { a: [] },
    },
    found: ['missing', 'scalar', 'none', 'some'],
  },
  { query: { a: { $exists: false } }, documents: { missing: {}, none: { a: null } }, found: ['missing'] },
  {
    query: { 'a.b': { $exists: true } },
    documents: { no: { a: [1] }, yes: { a: [1, { b: null }] } },
    found: ['yes'],
  },
  {
    query: { a: { $gt: 1, $lt: 3 } },
    documents: { one: { a: 2 }, apart: { a: [0, 9] }, out: { a: 5 }, text: { a: '2' } },
    found: ['one', 'apart'],
  },
  {
    query: { a: { $elemMatch: { $gt: 1, $lt: 3 } } },
    documents: { inside: { a: [2] }, apart: { a: [0, 9] }, scalar: { a: 2 } },
    found: ['inside'],
  },
  {
    query: { a: { $elemMatch: { b: 1, c: 2 } } },
    documents: { one: { a: [{ b: 1, c: 2 }] }, two: { a: [{ b: 1 }, { c: 2 }] } },
    found: ['one'],
  },
  {
    query: { a: [1, 2] },
    documents: {
      whole: { a: [1, 2] },
      turned: { a: [2, 1] },
      nested: { a: [[1, 2]] },
      more: { a: [1, 2, 3] },
    },
    found: ['whole', 'nested'],
  },
  {
    query: { a: { b: 1, c: 2 } },
    documents: {
      same: { a: { b: 1, c: 2 } },
      turned: { a: { c: 2, b: 1 } },
      more: { a: { b: 1, c: 2, d: 3 } },
    },
    found: ['same'],
  },
  {
    query: { 'a.0': 5 },
    documents: { first: { a: [5, 6] }, second: { a: [6, 5] }, key: { a: { 0: 5 } } },
    found: ['first', 'key'],
  },
  {
    query: { a: 5 },
    documents: {
      int: { a: 5 },
      double: { a: new Double(5) },
      long: { a: Long.fromNumber(5) },
      decimal: { a: Decimal128.fromString('5.0') },
      text: { a: '5' },
    },
    found: ['int', 'double', 'long', 'decimal'],
  },
  {
    query: { a: id },
    documents: { same: { a: id }, other: { a: new ObjectId() }, text: { a: id.toHexString() } },
    found: ['same'],
  },
  {
    query: { a: { $in: [1, /^x/, null] } },
    documents: { one: { a: 1 }, text: { a: 'xy' }, missing: {}, no: { a: 'yx' } },
    found: ['one', 'text', 'missing'],
  },
  {
    query: { a: { $nin: [1, 2] } },
    documents: { one: { a: 1 }, some: { a: [2, 5] }, missing: {}, five: { a: 5 } },
    found: ['missing', 'five'],
  },
  { query: { a: { $all: [1, 2] } }, documents: { both: { a: [2, 3, 1] }, one: { a: [1] } }, found: ['both'] },
  {
    query: { a: { $size: 2 } },
    documents: { two: { a: [1, 2] }, three: { a: [1, 2, 3] }, text: { a: 'ab' } },
    found: ['two'],
  },
  {
    query: { a: { $not: { $gt: 1 } } },
    documents: { one: { a: 1 }, two: { a: 2 }, missing: {}, some: { a: [0, 5] } },
    found: ['one', 'missing'],
  },
  { query: { a: { $not: /x/ } }, documents: { no: { a: 'x' }, yes: { a: 'y' } }, found: ['yes'] },
  {
    query: { a: /^AB/i },
    documents: { yes: { a: 'abc' }, inside: { a: ['zz', 'abd'] }, no: { a: 'cab' } },
    found: ['yes', 'inside'],
  },
  {
    query: { a: { $regex: 'b$', $options: 'i' } },
    documents: { yes: { a: 'aB' }, no: { a: 'ba' } },
    found: ['yes'],
  },
  {
    query: { a: { $mod: [4, 1] } },
    documents: { five: { a: 5 }, double: { a: 9.7 }, six: { a: 6 }, text: { a: '5' } },
    found: ['five', 'double'],
  },
  {
    query: { a: { $type: 'number' } },
    documents: { int: { a: 1 }, long: { a: Long.fromNumber(1) }, text: { a: '1' } },
    found: ['int', 'long'],
  },
  { query: { a: { $type: 'int' } }, documents: { int: { a: 1 }, double: { a: 1.5 } }, found: ['int'] },
  { query: { a: { $type: 'array' } }, documents: { array: { a: [1] }, one: { a: 1 } }, found: ['array'] },
  { query: { a: { $bitsAllSet: [0, 2] } }, documents: { five: { a: 5 }, four: { a: 4 } }, found: ['five'] },
  {
    query: { $nor: [{ a: 1 }, { b: 1 }] },
    documents: { a: { a: 1 }, b: { b: 1 }, none: { c: 1 } },
    found: ['none'],
  },
  {
    query: { $or: [{ a: 1 }, { b: { $gt: 1 } }], c: 1 },
    documents: { a: { a: 1, c: 1 }, b: { b: 2, c: 1 }, no: { a: 1 } },
    found: ['a', 'b'],
  },
  {
    query: { $expr: { $gt: ['$a', '$b'] } },
    documents: { yes: { a: 2, b: 1 }, no: { a: 1, b: 2 } },
    found: ['yes'],
  },
  {
    query: { a: { $gte: null } },
    documents: { none: { a: null }, missing: {}, one: { a: 1 } },
    found: ['none', 'missing'],
  },
  {
    query: { a: { $lt: 5 } },
    documents: { nan: { a: Number.NaN }, one: { a: 1 }, none: { a: null } },
    found: ['one'],
  },
  { query: { a: Number.NaN }, documents: { nan: { a: Number.NaN }, one: { a: 1 } }, found: ['nan'] },
];

test.each(CASES)('$query', async ({ query, documents, found }) => {
  const things = database.db.collection<Loose>('filters');
  await things.deleteMany({});
  await things.insertMany(Object.entries(documents).map(([_id, fields]) => ({ _id, ...fields })));
  const names = async () => (await things.find(query).toArray()).map(({ _id }) => String(_id)).sort();
  expect(await names()).toEqual([...found].sort());
  await things.createIndex({ a: 1 }, { name: 'a' });
  expect(await names()).toEqual([...found].sort());
  await things.dropIndexes();
});

const REFUSED: readonly { query: Document; code?: number }[] = [
  { query: { a: { $frobnicate: 1 } } },
  { query: { $frobnicate: 1 } },
  { query: { $where: 'true' } },
  { query: { $expr: { $function: { body: 'function() { return true }', args: [], lang: 'js' } } } },
  { query: { $expr: { $frobnicate: 1 } } },
  { query: { $text: { $search: 'x' } } },
  { query: { a: { $near: [1, 2] } } },
  { query: { $or: [] } },
  { query: { a: { $in: 5 } } },
  { query: { a: { $regex: '(' } }, code: 51091 },
];

test.each(REFUSED)('refuses $query', async ({ query, code }) => {
  const things = database.db.collection<Loose>('refused');
  await things.insertOne({ a: 1 });
  await expect(things.find(query).toArray()).rejects.toMatchObject({ code: code ?? 2 });
});

test('a find shows what its projection asks for', async () => {
  const things = database.db.collection<Loose>('projections');
  await things.insertOne({
    _id: 1,
    a: 1,
    b: { c: 2, d: 3 },
    e: [{ f: 1, g: 2 }, 5, { f: 3 }],
    h: [1, 2, 3, 4],
  });
  const show = (projection: Document, query: Document = {}) => things.findOne(query, { projection });
  expect(await show({ a: 1 })).toEqual({ _id: 1, a: 1 });
  expect(await show({ a: 1, _id: 0 })).toEqual({ a: 1 });
  expect(await show({ _id: 1 })).toEqual({ _id: 1 });
  expect(await show({ 'b.c': 1 })).toEqual({ _id: 1, b: { c: 2 } });
  expect(await show({ b: { d: 1 } })).toEqual({ _id: 1, b: { d: 3 } });
  expect(await show({ 'e.f': 1 })).toEqual({ _id: 1, e: [{ f: 1 }, { f: 3 }] });
  expect(await show({ b: 0, e: 0, h: 0 })).toEqual({ _id: 1, a: 1 });
  expect(await show({ 'e.f': 0, b: 0, h: 0 })).toEqual({ _id: 1, a: 1, e: [{ g: 2 }, 5, {}] });
  expect(await show({ h: { $slice: -2 }, a: 1 })).toEqual({ _id: 1, a: 1, h: [3, 4] });
  expect(await show({ h: { $slice: [1, 2] }, b: 0, e: 0 })).toEqual({ _id: 1, a: 1, h: [2, 3] });
  expect(await show({ e: { $elemMatch: { f: 3 } } })).toEqual({ _id: 1, e: [{ f: 3 }] });
  expect(await show({ 'h.$': 1 }, { h: { $gte: 3 } })).toEqual({ _id: 1, h: [3] });
  await expect(show({ a: 1, b: 0 })).rejects.toMatchObject({ code: 31254 });
  await expect(show({ x: { $add: ['$a', 1] } })).rejects.toMatchObject({ code: 2 });
});

test('sorting is stable over types, arrays and missing fields', async () => {
  const things = database.db.collection<Loose>('sorts');
  await things.insertMany([
    { _id: 1, a: 'x' },
    { _id: 2 },
    { _id: 3, a: 5 },
    { _id: 4, a: [9, 1] },
    { _id: 5, a: null },
    { _id: 6, a: new Date(0) },
  ]);
  const order = async (sort: Document) =>
    (
      await things
        .find()
        .sort(sort as never)
        .toArray()
    ).map(({ _id }) => _id);
  expect(await order({ a: 1, _id: 1 })).toEqual([2, 5, 4, 3, 1, 6]);
  expect(await order({ a: -1, _id: 1 })).toEqual([6, 1, 4, 3, 2, 5]);
  expect(
    await things
      .find()
      .sort({ a: 1, _id: 1 })
      .skip(1)
      .limit(2)
      .map(({ _id }) => _id)
      .toArray(),
  ).toEqual([5, 4]);
});

test('integer-like keys keep their place and a __proto__ key pollutes nothing', async () => {
  const things = database.db.collection<Loose>('keys');
  const document = new Map<string, unknown>([
    ['_id', 1],
    ['b', 1],
    ['10', 2],
    ['2', 3],
    ['__proto__', { polluted: true }],
  ]);
  await things.insertOne(document as unknown as Document);
  await things.updateOne({}, { $set: { z: 1 } });
  const raw = await things.findOne({}, { raw: true });
  const text = Buffer.from(raw as unknown as Uint8Array).toString('latin1');
  const places = ['b', '10', '2', '__proto__', 'z'].map((key) => text.indexOf(`${key}\0`));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(await things.countDocuments({ '__proto__.polluted': true })).toBe(1);
  await things.updateOne({}, { $set: { 'constructor.prototype.bad': 1, '__proto__.bad': 1 } });
  expect({}).not.toHaveProperty('polluted');
  expect({}).not.toHaveProperty('bad');
});
