import { type Doc, doc } from '../bson/value.ts';
import { FindRun } from '../engine/find-run.ts';
import { compileFilter } from '../query/filter.ts';
import { collectionName, count, document, integer, refuseCollation } from './arguments.ts';
import type { Command, Invocation } from './command.ts';

async function run(invocation: Invocation): Promise<Doc> {
  const { engine, db, body, pace } = invocation;
  refuseCollation(body);
  const filter = document(body, 'query') ?? new Map();
  const skip = count(body, 'skip') ?? 0;
  const limit = Math.abs(integer(body, 'limit') ?? 0);
  const collection = engine.collection(db, collectionName(invocation));
  if (collection === undefined) {
    compileFilter(filter);
    return doc({ n: 0, ok: 1 });
  }
  if (filter.size === 0 && !body.has('hint')) {
    const total = engine.store.reader.rows(`SELECT count(*) FROM ${collection.table}`)[0]?.[0] as number;
    const rest = Math.max(0, total - skip);
    return doc({ n: limit === 0 ? rest : Math.min(rest, limit), ok: 1 });
  }
  const query = new FindRun(engine.store.reader, engine.counters, collection, {
    filter,
    skip,
    limit,
    hint: body.get('hint'),
  });
  let n = 0;
  while ((await query.next(pace)) !== undefined) n++;
  return doc({ n, ok: 1 });
}

export const countCommand: Command = {
  fields: ['query', 'limit', 'skip', 'hint', 'collation', 'fields'],
  run,
};
