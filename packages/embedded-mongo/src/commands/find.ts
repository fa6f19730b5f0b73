import { type Doc, doc, isArray } from '../bson/value.ts';
import { ListSource } from '../engine/cursors.ts';
import { FindRun } from '../engine/find-run.ts';
import { badValue, CommandError } from '../errors.ts';
import { compileFilter } from '../query/filter.ts';
import { compileProjection } from '../query/projection.ts';
import { parseSort } from '../query/sort.ts';
import { array, collectionName, count, document, flag, integer, refuseCollation, text } from './arguments.ts';
import type { CommandTable, Invocation } from './command.ts';
import { cursorDoc, FIRST_BATCH, firstBatch } from './cursor-reply.ts';

export const FIND_FIELDS = [
  'filter',
  'sort',
  'projection',
  'hint',
  'skip',
  'limit',
  'batchSize',
  'singleBatch',
  'collation',
  'allowDiskUse',
  'allowPartialResults',
  'noCursorTimeout',
];

/** The run of a find command; undefined when there is no such collection. @throws CommandError */
export function findRun({ engine, db }: Invocation, fields: Doc, name: string): FindRun | undefined {
  refuseCollation(fields);
  if (flag(fields, 'noCursorTimeout')) throw badValue('noCursorTimeout is not supported');
  const request = {
    filter: document(fields, 'filter') ?? new Map(),
    sort: document(fields, 'sort'),
    projection: document(fields, 'projection'),
    skip: count(fields, 'skip') ?? 0,
    limit: Math.abs(integer(fields, 'limit') ?? 0),
    hint: fields.get('hint'),
  };
  const collection = engine.collection(db, name);
  if (collection === undefined) {
    // A query that is wrong is wrong on an empty collection too.
    compileFilter(request.filter);
    compileProjection(request.projection);
    parseSort(request.sort);
    return undefined;
  }
  return new FindRun(engine.store.reader, engine.counters, collection, request);
}

async function find(invocation: Invocation): Promise<Doc> {
  const { body, db } = invocation;
  const name = collectionName(invocation);
  const run = findRun(invocation, body, name);
  const limit = integer(body, 'limit') ?? 0;
  return await firstBatch(invocation, `${db}.${name}`, run ?? new ListSource([]), {
    batchSize: count(body, 'batchSize') ?? FIRST_BATCH,
    single: flag(body, 'singleBatch') || limit < 0,
  });
}

async function getMore({ engine, db, body, pace }: Invocation): Promise<Doc> {
  const id = body.get('getMore');
  const name = text(body, 'collection');
  if (typeof id !== 'bigint' || name === undefined)
    throw badValue('getMore needs a cursor id and a collection');
  const namespace = `${db}.${name}`;
  const size = count(body, 'batchSize') ?? 0;
  const { batch, done } = await engine.cursors.more(
    id,
    namespace,
    size === 0 ? Number.POSITIVE_INFINITY : size,
    pace,
  );
  return cursorDoc(done ? 0n : id, namespace, 'nextBatch', batch);
}

function killCursors(invocation: Invocation): Doc {
  const { engine, db, body } = invocation;
  const namespace = `${db}.${collectionName(invocation)}`;
  const ids = array(body, 'cursors');
  if (!isArray(ids) || !ids.every((id) => typeof id === 'bigint'))
    throw new CommandError(14, "'cursors' must be an array of cursor ids");
  const killed = ids.filter((id) => engine.cursors.close(id, namespace));
  const notFound = ids.filter((id) => !killed.includes(id));
  return doc({
    cursorsKilled: killed,
    cursorsNotFound: notFound,
    cursorsAlive: [],
    cursorsUnknown: [],
    ok: 1,
  });
}

export const cursorCommands: CommandTable = {
  find: { fields: FIND_FIELDS, run: find },
  getMore: { fields: ['collection', 'batchSize'], run: getMore },
  killCursors: { fields: ['cursors'], run: killCursors },
};
