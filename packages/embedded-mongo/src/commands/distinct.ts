import { encode } from '../bson/encode.ts';
import { encodeKey } from '../bson/key.ts';
import { type Doc, doc, isArray, isDoc, type Value } from '../bson/value.ts';
import { FindRun } from '../engine/find-run.ts';
import { CommandError } from '../errors.ts';
import { compileFilter } from '../query/filter.ts';
import { arrayIndex } from '../query/path-match.ts';
import { collectionName, document, missing, refuseCollation, text } from './arguments.ts';
import type { Command, Invocation } from './command.ts';
import { MAX_DOCUMENT_BYTES } from './handshake.ts';

async function run(invocation: Invocation): Promise<Doc> {
  const { engine, db, body, pace } = invocation;
  refuseCollation(body);
  const key = text(body, 'key');
  if (key === undefined) throw missing('distinct.key');
  const filter = document(body, 'query') ?? new Map();
  const collection = engine.collection(db, collectionName(invocation));
  const values = new Map<string, Value>();
  if (collection === undefined) compileFilter(filter);
  else {
    const path = key.split('.');
    const query = new FindRun(engine.store.reader, engine.counters, collection, {
      filter,
      hint: body.get('hint'),
    });
    let bytes = 0;
    for (let match = await query.next(pace); match !== undefined; match = await query.next(pace)) {
      for (const value of presentValues(match.document, path)) {
        const identity = encodeKey(value).toString('latin1');
        if (values.has(identity)) continue;
        values.set(identity, value);
        bytes += identity.length;
        if (bytes > MAX_DOCUMENT_BYTES) throw new CommandError(17217, 'distinct too big, 16mb cap');
      }
    }
  }
  const reply = doc({ values: [...values.values()], ok: 1 });
  if (encode(reply).length > MAX_DOCUMENT_BYTES) throw new CommandError(17217, 'distinct too big, 16mb cap');
  return reply;
}

/** The values on a path, elements of arrays one by one; nothing for a missing field. */
function presentValues(value: Value | undefined, path: readonly string[]): readonly Value[] {
  const [name, ...rest] = path;
  if (value === undefined) return [];
  if (name === undefined) return isArray(value) ? value : [value];
  if (isDoc(value)) return presentValues(value.get(name), rest);
  if (!isArray(value)) return [];
  const index = arrayIndex(name);
  if (index !== undefined && index < value.length) return presentValues(value[index], rest);
  return value.flatMap((item) => (isDoc(item) ? presentValues(item, path) : []));
}

export const distinct: Command = { fields: ['key', 'query', 'hint', 'collation'], run };
