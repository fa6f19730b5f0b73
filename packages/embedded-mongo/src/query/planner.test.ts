import fc from 'fast-check';
import { type Collection, type Document, MongoBulkWriteError } from 'mongodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Loose, type TestDatabase, testDatabase } from '../testing/database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});

afterAll(() => database[Symbol.asyncDispose]());

async function examined(
  things: Collection<Loose>,
  query: Document,
  options: { sort?: Document; limit?: number } = {},
): Promise<number> {
  const cursor = things.find(query);
  if (options.sort !== undefined) cursor.sort(options.sort as never);
  if (options.limit !== undefined) cursor.limit(options.limit);
  const explained = await cursor.explain('executionStats');
  return explained.executionStats.totalDocsExamined;
}

describe('with ten thousand documents, an index', () => {
  let things: Collection<Loose>;

  beforeAll(async () => {
    things = database.db.collection<Loose>('large');
    await things.createIndexes([
      { key: { user: 1, at: -1 }, name: 'user_at' },
      { key: { n: 1 }, name: 'n' },
      { key: { code: 1 }, name: 'code', unique: true },
      { key: { tags: 1, at: -1 }, name: 'tags_at' },
      { key: { state: 1 }, name: 'open', partialFilterExpression: { state: 'open' } },
      { key: { nick: 1 }, name: 'nick', sparse: true },
    ]);
    await things.insertMany(
      Array.from({ length: 10_000 }, (_, i) => ({
        _id: i,
        user: i % 100,
        at: new Date(i),
        n: i,
        code: `c${i}`,
        tags: [`t${i % 50}`, `u${i % 7}`],
        state: i % 1000 === 0 ? 'open' : 'done',
        ...(i % 500 === 0 ? { nick: `n${i}` } : {}),
        other: i,
      })),
    );
  });

  test.each<[string, Document, { sort?: Document; limit?: number }, number]>([
    ['finds an _id', { _id: 77 }, {}, 1],
    ['finds several _ids', { _id: { $in: [1, 2, 3] } }, {}, 3],
    ['finds a unique value', { code: 'c5' }, {}, 1],
    ['finds an equal prefix', { user: 5 }, {}, 100],
    ['finds a range', { n: { $gte: 100, $lt: 110 } }, {}, 10],
    ['finds a range under a prefix, descending', { user: 5, at: { $gt: new Date(9000) } }, {}, 10],
    ['sorts and stops at the limit', {}, { sort: { n: -1 }, limit: 5 }, 5],
    ['sorts under a prefix and stops at the limit', { user: 5 }, { sort: { at: -1 }, limit: 20 }, 20],
    ['sorts the other way round', { user: 5 }, { sort: { at: 1 }, limit: 20 }, 20],
    ['pages through history', { user: 5, at: { $lt: new Date(5000) } }, { sort: { at: -1 }, limit: 20 }, 20],
    ['finds an element and sorts', { tags: 't3' }, { sort: { at: -1 }, limit: 10 }, 10],
    ['finds text by its start', { code: /^c999/ }, {}, 11],
    ['serves each clause of $or', { $or: [{ code: 'c1' }, { n: 2 }] }, {}, 2],
    ['serves what a partial filter implies', { state: 'open' }, {}, 10],
    ['serves a sparse field', { nick: 'n500' }, {}, 1],
    ['finds nothing without looking', { code: 'nobody' }, {}, 0],
  ])('%s', async (_name, query, options, count) => {
    expect(await examined(things, query, options)).toBe(count);
  });

  test('counts in stats() what a find examined', async () => {
    const before = database.server.engine.counters.read('docsExamined');
    await things.find({ user: 7 }).sort({ at: -1 }).limit(20).toArray();
    expect(database.server.engine.counters.read('docsExamined') - before).toBe(20);
  });

  test('is used by updates, deletes and counts', async () => {
    const { counters } = database.server.engine;
    const before = counters.read('docsExamined');
    await things.updateOne({ code: 'c9' }, { $set: { other: 0 } });
    await things.findOneAndUpdate({ n: 10 }, { $set: { other: 0 } });
    await things.countDocuments({ user: 3 });
    await things.deleteOne({ code: 'c11' });
    expect(counters.read('docsExamined') - before).toBe(103);
  });

  test('that is partial or sparse is not used where it would lose documents', async () => {
    expect(await things.countDocuments({ state: 'done' })).toBe(9989);
    expect(await things.countDocuments({ nick: null })).toBe(9979);
    expect(await things.countDocuments({ nick: { $exists: false } })).toBe(9979);
  });

  test('can be chosen by a hint, and a wrong hint is refused', async () => {
    const explained = await things.find({ user: 5, n: 5 }).hint('user_at').explain('executionStats');
    expect(explained.executionStats.totalDocsExamined).toBe(100);
    await expect(things.find({}).hint('nothing').toArray()).rejects.toMatchObject({ code: 2 });
  });

  test('a scan of everything gives way to other commands', async () => {
    let scanning = true;
    const scans = Array.from({ length: 5 }, () => things.find({ other: { $mod: [9999, 1] } }).toArray());
    const scan = Promise.all(scans).finally(() => {
      scanning = false;
    });
    let served = 0;
    while (scanning) {
      await things.findOne({ _id: 1 });
      if (scanning) served++;
    }
    await scan;
    expect(served).toBeGreaterThan(2);
  });
});

const scalar = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 4 }) },
  fc.constantFrom<unknown>('x', 'xy', 'y', null, 1.5, true, new Date(1)),
);
const value = fc.oneof({ weight: 4, arbitrary: scalar }, fc.array(scalar, { maxLength: 3 }));
const nested = fc.oneof(
  value,
  fc.record({ b: value, c: value }, { requiredKeys: [] }),
  fc.array(fc.record({ b: scalar, c: scalar }, { requiredKeys: [] }), { maxLength: 3 }),
);
const document = fc.record({ a: nested, d: value, e: scalar }, { requiredKeys: [] });
const operator = fc.oneof(
  scalar.map((v) => ({ $eq: v })),
  scalar
    .filter((v) => v !== null)
    .chain((v) => fc.constantFrom({ $gt: v }, { $gte: v }, { $lt: v }, { $lte: v })),
  fc
    .tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 }))
    .map(([low, high]) => ({ $gte: low, $lt: high })),
  fc.array(scalar, { maxLength: 3 }).map((list) => ({ $in: list })),
  fc.array(scalar, { maxLength: 2 }).map((list) => ({ $nin: list })),
  fc.boolean().map((flag) => ({ $exists: flag })),
  scalar.map((v) => ({ $ne: v })),
  fc.constant({ $regex: '^x' }),
  fc.constant({ $elemMatch: { b: 1, c: { $gte: 1 } } }),
);
const clause = fc.dictionary(fc.constantFrom('a', 'a.b', 'a.c', 'd', 'e'), fc.oneof(operator, value), {
  minKeys: 1,
  maxKeys: 3,
  noNullPrototype: true,
});
const query = fc.oneof(
  { weight: 3, arbitrary: clause },
  fc.array(clause, { minLength: 1, maxLength: 3 }).map(($or) => ({ $or })),
  fc.tuple(clause, clause).map(($and) => ({ $and })),
);
const sort = fc.dictionary(fc.constantFrom('a', 'a.b', 'd', 'e'), fc.constantFrom<1 | -1>(1, -1), {
  maxKeys: 2,
  noNullPrototype: true,
});

const INDEX_SETS: readonly Document[][] = [
  [{ key: { a: 1 } }, { key: { e: -1, d: 1 } }],
  [{ key: { 'a.b': 1, 'a.c': -1 } }, { key: { d: -1 } }],
  [{ key: { e: 1, 'a.b': -1 } }, { key: { d: 1 }, sparse: true }],
  [
    { key: { e: 1 }, partialFilterExpression: { e: { $gte: 2 } } },
    { key: { 'a.c': 1, e: 1 } },
    { key: { d: 1 }, partialFilterExpression: { d: { $exists: true } } },
  ],
];

test('indexes never change which documents a query finds, nor their order', async () => {
  const things = database.db.collection<Loose>('agreement');
  const pairs = fc.asyncProperty(
    fc.nat(INDEX_SETS.length - 1),
    fc.array(document, { minLength: 1, maxLength: 20 }),
    fc.array(fc.tuple(query, sort), { minLength: 10, maxLength: 10 }),
    async (set, documents, queries) => {
      await things.drop();
      const indexes = (INDEX_SETS[set] ?? []).map((spec, i) => ({ ...spec, name: `i${i}` }));
      await things.createIndexes(indexes as never);
      await things
        .insertMany(
          documents.map((fields, _id) => ({ _id, ...fields })),
          { ordered: false },
        )
        .catch(onlyParallelArrays);
      for (const [filter, order] of queries) {
        const scanned = await things.find(filter).hint({ $natural: 1 }).toArray();
        const indexed = await things.find(filter).toArray();
        expect(ids(indexed)).toEqual(ids(scanned));
        const sorted = await things.find(filter).sort(order).toArray();
        expect(ids(sorted)).toEqual(ids(scanned));
        if (Object.keys(order).length === 0) continue;
        // Ties may come in any order, so the sort keys are compared and not the documents.
        const unindexed = await things
          .aggregate([{ $match: filter }, { $skip: 0 }, { $sort: order }])
          .toArray();
        expect(sortKeys(sorted, order)).toEqual(sortKeys(unindexed, order));
        const limited = await things.find(filter).sort(order).limit(3).toArray();
        expect(sortKeys(limited, order)).toEqual(sortKeys(unindexed.slice(0, 3), order));
      }
      expect((await database.db.command({ validate: 'agreement' })).valid).toBe(true);
    },
  );
  await fc.assert(pairs, { numRuns: 150 });
}, 120_000);

test('two conditions on one array may be met by different elements, in an index over both', async () => {
  const things = database.db.collection<Loose>('elements');
  await things.createIndex({ 'a.b': 1, 'a.c': 1 });
  await things.insertMany([
    {
      _id: 1,
      a: [
        { b: 1, c: 9 },
        { b: 5, c: 2 },
      ],
    },
    { _id: 2, a: [{ b: 1, c: 2 }] },
    { _id: 3, a: [{ b: 0 }, { b: 9 }] },
  ]);
  expect(ids(await things.find({ 'a.b': 1, 'a.c': 2 }).toArray())).toEqual([1, 2]);
  expect(ids(await things.find({ a: { $elemMatch: { b: 1, c: 2 } } }).toArray())).toEqual([2]);
  expect(ids(await things.find({ 'a.b': { $gt: 3, $lt: 7 } }).toArray())).toEqual([1, 3]);
  expect(ids(await things.find({ 'a.b': { $gt: 7, $lt: 3 } }).toArray())).toEqual([3]);
});

function onlyParallelArrays(error: unknown): void {
  if (!(error instanceof MongoBulkWriteError) || error.code !== 171) throw error;
}

function ids(documents: Document[]): unknown[] {
  return documents.map(({ _id }) => _id).sort((a, b) => a - b);
}

/** The least or greatest reachable value of each sort field, in a comparable form. */
function sortKeys(documents: Document[], order: Document): unknown[] {
  return documents.map((found) =>
    Object.keys(order).map((field) => JSON.stringify(reach(found, field, order[field]))),
  );
}

function reach(found: Document, field: string, direction: number): unknown {
  const values = field
    .split('.')
    .reduce<unknown[]>((at, name) => at.flatMap((item) => step(item, name)), [found]);
  const rank = (item: unknown): string => {
    const classes: [(v: unknown) => boolean, number][] = [
      [(v) => v === 'undefined-array', 0],
      [(v) => v === null || v === undefined, 1],
      [(v) => typeof v === 'number', 2],
      [(v) => typeof v === 'string', 3],
      [(v) => Array.isArray(v), 5],
      [(v) => typeof v === 'boolean', 6],
      [(v) => v instanceof Date, 7],
    ];
    const found = classes.find(([is]) => is(item))?.[1] ?? 4;
    return `${found}:${JSON.stringify(item ?? null)}`;
  };
  const leaves = values.flatMap((item) =>
    Array.isArray(item) ? (item.length === 0 ? ['undefined-array'] : item) : [item],
  );
  const ranked = (leaves.length === 0 ? [null] : leaves).map(rank).sort();
  return direction === 1 ? ranked[0] : ranked.at(-1);
}

function step(item: unknown, name: string): unknown[] {
  if (Array.isArray(item))
    return item.flatMap((inner) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner) && !(inner instanceof Date)
        ? step(inner, name)
        : [],
    );
  return typeof item === 'object' && item !== null && name in item ? [(item as Document)[name]] : [undefined];
}
