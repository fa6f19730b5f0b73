import { encode } from '../bson/encode.ts';
import { type Doc, doc, Int32, isArray, isDoc, type Value } from '../bson/value.ts';
import { type BatchSource, ListSource } from '../engine/cursors.ts';
import { type FindRequest, FindRun } from '../engine/find-run.ts';
import { CommandError, failedToParse } from '../errors.ts';
import { checkPipeline, compilePipeline } from '../query/pipeline.ts';
import { fromPlainObject, toPlainObject } from '../query/plain.ts';
import { array, collectionName, count, document, flag, missing, refuseCollation } from './arguments.ts';
import type { Command, Invocation } from './command.ts';
import { FIRST_BATCH, firstBatch } from './cursor-reply.ts';

type PlainObject = Record<string, unknown>;

/** Documents are held in memory for what mingo computes, this much at most. */
const MAX_INPUT_BYTES = 100 * 1024 * 1024;

async function run(invocation: Invocation): Promise<Doc> {
  const { db, body } = invocation;
  refuseCollation(body);
  if (flag(body, 'explain')) throw new CommandError(115, 'explain is supported for find only');
  const name = collectionName(invocation);
  const stages = array(body, 'pipeline');
  if (stages === undefined) throw missing('aggregate.pipeline');
  const cursor = document(body, 'cursor');
  if (cursor === undefined)
    throw failedToParse("The 'cursor' option is required, except for aggregate with the explain argument");
  const batchSize = count(cursor, 'batchSize') ?? FIRST_BATCH;
  return await firstBatch(invocation, `${db}.${name}`, await source(invocation, name, stages), { batchSize });
}

/** The start of a pipeline that is a plain find runs as one, on indexes and without leaving BSON; mingo does the rest. */
async function source(invocation: Invocation, name: string, stages: readonly Value[]): Promise<BatchSource> {
  const { engine, db, body } = invocation;
  checkPipeline(stages);
  const { request, rest } = split(stages);
  const runRest = compilePipeline(rest);
  const collection = engine.collection(db, name);
  const query =
    collection === undefined
      ? undefined
      : new FindRun(engine.store.reader, engine.counters, collection, { ...request, hint: body.get('hint') });
  const counted = countField(rest);
  if (counted !== undefined) return await countDocuments(invocation, query, counted);
  if (rest.length === 0) return query ?? new ListSource([]);
  const foreign = new Map<string, PlainObject[]>();
  for (const other of foreignCollections(rest)) foreign.set(other, await wholeCollection(invocation, other));
  const input = query === undefined ? [] : await collect(invocation, query);
  return new ListSource(runRest(input, foreign).map((result) => encode(fromPlainObject(result))));
}

/** `$match`es, then at most one each of `$sort`, `$skip` and `$limit` in this order. */
function split(stages: readonly Value[]): { request: FindRequest; rest: readonly Value[] } {
  const filters: Doc[] = [];
  let at = 0;
  const take = (name: string): Value | undefined => {
    const stage = stages[at];
    const value = isDoc(stage) && stage.size === 1 ? stage.get(name) : undefined;
    if (value !== undefined) at++;
    return value;
  };
  for (let filter = take('$match'); filter !== undefined; filter = take('$match')) {
    if (!isDoc(filter)) throw new CommandError(15959, 'the match filter must be an expression in an object');
    filters.push(filter);
  }
  const sort = take('$sort');
  const skip = wholeNumber(take('$skip'), '$skip', 0);
  const limit = wholeNumber(take('$limit'), '$limit', 1);
  const [only] = filters;
  const filter: Doc =
    only !== undefined && filters.length === 1
      ? only
      : filters.length === 0
        ? new Map()
        : new Map([['$and', filters]]);
  return { request: { filter, sort, skip: skip ?? 0, limit: limit ?? 0 }, rest: stages.slice(at) };
}

function wholeNumber(value: Value | undefined, name: string, least: number): number | undefined {
  if (value === undefined) return undefined;
  const number =
    value instanceof Int32
      ? value.value
      : typeof value === 'bigint' || typeof value === 'number'
        ? Number(value)
        : Number.NaN;
  if (!Number.isSafeInteger(number) || number < least)
    throw new CommandError(15957, `the argument of ${name} must be a whole number of at least ${least}`);
  return number;
}

/** `{$count: x}`, and what countDocuments sends: `{$group: {_id: 1, x: {$sum: 1}}}`. */
function countField(rest: readonly Value[]): { name: string; id?: Value } | undefined {
  const [stage] = rest;
  if (rest.length !== 1 || !isDoc(stage)) return undefined;
  const name = stage.get('$count');
  if (typeof name === 'string' && /^[^$.\0][^.\0]*$/.test(name)) return { name };
  const group = stage.get('$group');
  if (!isDoc(group) || group.size !== 2) return undefined;
  const id = group.get('_id');
  const [field, sum] = [...group].find(([key]) => key !== '_id') ?? [];
  const one = isDoc(sum) && sum.size === 1 ? sum.get('$sum') : undefined;
  if (field === undefined || !(one instanceof Int32) || one.value !== 1) return undefined;
  return id === null || id instanceof Int32 ? { name: field, id } : undefined;
}

async function countDocuments(
  { pace }: Invocation,
  query: FindRun | undefined,
  { name, id }: { name: string; id?: Value },
): Promise<BatchSource> {
  let n = 0;
  if (query !== undefined) while ((await query.next(pace)) !== undefined) n++;
  if (n === 0) return new ListSource([]);
  return new ListSource([encode(doc(id === undefined ? { [name]: n } : { _id: id, [name]: n }))]);
}

async function collect({ pace }: Invocation, query: FindRun): Promise<PlainObject[]> {
  const result: PlainObject[] = [];
  let bytes = 0;
  for (let match = await query.next(pace); match !== undefined; match = await query.next(pace)) {
    result.push(toPlainObject(match.document));
    bytes += match.bytes.length;
    if (bytes > MAX_INPUT_BYTES)
      throw new CommandError(292, 'the aggregation would hold more than 104857600 bytes in memory');
  }
  return result;
}

async function wholeCollection(invocation: Invocation, name: string): Promise<PlainObject[]> {
  const { engine, db } = invocation;
  const collection = engine.collection(db, name);
  if (collection === undefined) return [];
  return await collect(
    invocation,
    new FindRun(engine.store.reader, engine.counters, collection, { filter: new Map() }),
  );
}

/** The collections that `$lookup`, `$graphLookup` and `$unionWith` name, at any depth. */
function foreignCollections(value: Value): Set<string> {
  const names = new Set<string>();
  const visit = (item: Value | undefined): void => {
    if (isArray(item)) for (const one of item) visit(one);
    if (!isDoc(item)) return;
    for (const [key, inner] of item) {
      if ((key === '$lookup' || key === '$graphLookup') && isDoc(inner)) add(inner.get('from'));
      if (key === '$unionWith') add(isDoc(inner) ? inner.get('coll') : inner);
      visit(inner);
    }
  };
  const add = (name: Value | undefined): void => {
    if (typeof name === 'string') names.add(name);
  };
  visit(value);
  return names;
}

export const aggregate: Command = {
  fields: ['pipeline', 'cursor', 'explain', 'allowDiskUse', 'hint', 'collation', 'bypassDocumentValidation'],
  run,
};
