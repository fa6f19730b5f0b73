import { decode } from '../bson/decode.ts';
import { encode } from '../bson/encode.ts';
import { type Doc, doc, RawDocument, type Value } from '../bson/value.ts';
import { changeDocument, insertFromUpdate } from '../engine/change.ts';
import { FindRun } from '../engine/find-run.ts';
import { failedToParse } from '../errors.ts';
import { compileFilter } from '../query/filter.ts';
import { compileProjection } from '../query/projection.ts';
import { compileUpdate } from '../update/compile.ts';
import { collectionName, document, flag, refuseCollation } from './arguments.ts';
import type { Command, Invocation } from './command.ts';

interface Outcome {
  readonly before?: Buffer;
  readonly after?: Buffer;
  readonly upserted?: Value;
}

async function run(invocation: Invocation): Promise<Doc> {
  const { engine, db, body } = invocation;
  refuseCollation(body);
  const name = collectionName(invocation);
  const remove = flag(body, 'remove');
  if (remove && body.has('update')) throw failedToParse('Cannot specify both an update and remove=true');
  if (!remove && !body.has('update'))
    throw failedToParse('Either an update or remove=true must be specified');
  if (remove && (flag(body, 'upsert') || flag(body, 'new')))
    throw failedToParse('Cannot specify both new=true or upsert=true and remove=true');
  const projection = compileProjection(body.get('fields'));
  const filter = document(body, 'query') ?? new Map();
  const outcome = await engine.write(`${db}.${name}`, (begin) =>
    modify(invocation, name, filter, remove, begin),
  );
  const shown = flag(body, 'new') ? outcome.after : outcome.before;
  const value = shown === undefined ? null : new RawDocument(shown);
  const projected =
    shown === undefined || projection === undefined
      ? value
      : new RawDocument(
          encode(projection(decode(shown), compileFilter(filter).positions(decode(outcome.before ?? shown)))),
        );
  return doc({ lastErrorObject: lastError(outcome, remove), value: projected, ok: 1 });
}

async function modify(
  invocation: Invocation,
  name: string,
  filter: Doc,
  remove: boolean,
  begin: () => void,
): Promise<Outcome> {
  const { engine, db, body, pace } = invocation;
  const update = remove ? undefined : compileUpdate(body.get('update'), body.get('arrayFilters'));
  const now = new Date(engine.now());
  let collection = engine.collection(db, name);
  const query =
    collection === undefined
      ? undefined
      : new FindRun(engine.store.writer, engine.counters, collection, {
          filter,
          sort: document(body, 'sort'),
          limit: 1,
          hint: body.get('hint'),
        });
  const match = await query?.next(pace);
  if (collection !== undefined && match !== undefined) {
    if (update === undefined) {
      begin();
      collection.remove(match.rid, match.document);
      engine.counters.add('docsWritten');
      return { before: match.bytes };
    }
    const { modified, after } = changeDocument(
      collection,
      match,
      query?.positions(match.document),
      update,
      now,
      begin,
    );
    if (modified) engine.counters.add('docsWritten');
    return { before: match.bytes, after };
  }
  if (update === undefined || !flag(body, 'upsert')) return {};
  collection ??= await engine.ensureCollection(db, name);
  const { id, bytes } = insertFromUpdate(collection, filter, update, now, begin);
  engine.counters.add('docsWritten');
  return { after: bytes, upserted: id };
}

function lastError(outcome: Outcome, remove: boolean): Doc {
  const n = outcome.before !== undefined || outcome.after !== undefined ? 1 : 0;
  if (remove) return doc({ n });
  return doc({ n, updatedExisting: outcome.before !== undefined, upserted: outcome.upserted });
}

export const findAndModify: Command = {
  fields: [
    'query',
    'sort',
    'remove',
    'update',
    'new',
    'fields',
    'upsert',
    'arrayFilters',
    'hint',
    'collation',
    'bypassDocumentValidation',
  ],
  run,
};
