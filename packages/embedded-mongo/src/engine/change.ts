import { equalValues } from '../bson/compare.ts';
import { decode } from '../bson/decode.ts';
import { encode } from '../bson/encode.ts';
import { type Doc, isArray, isDoc, type Value } from '../bson/value.ts';
import { checkId, checkSize, newObjectId } from '../commands/insert.ts';
import { CommandError } from '../errors.ts';
import { isOperatorDoc } from '../query/filter.ts';
import type { Positions } from '../query/path-match.ts';
import type { Collection } from '../store/collection.ts';
import type { Update } from '../update/compile.ts';
import { setAt } from '../update/paths.ts';
import type { BeginWrite } from './engine.ts';
import type { Match } from './find-run.ts';

export interface Changed {
  readonly modified: boolean;
  readonly after: Buffer;
}

/** Updates one stored document. @throws CommandError ImmutableField (66), DuplicateKeyError, BSONObjectTooLarge */
export function changeDocument(
  collection: Collection,
  match: Match,
  positions: Positions | undefined,
  update: Update,
  now: Date,
  begin: BeginWrite,
): Changed {
  const changed = update.apply(decode(match.bytes), { positions, inserting: false, now });
  const before = match.document.get('_id') ?? null;
  const id = changed.get('_id');
  if (id === undefined || !equalValues(id, before)) {
    throw new CommandError(
      66,
      "Performing an update on the path '_id' would modify the immutable field '_id'",
    );
  }
  const after = encode(changed);
  if (after.equals(match.bytes)) return { modified: false, after };
  checkSize(after);
  begin();
  collection.replace(match.rid, match.document, changed, after);
  return { modified: true, after };
}

/** Inserts what an upsert that matched nothing makes of its query and its update. */
export function insertFromUpdate(
  collection: Collection,
  filter: Doc,
  update: Update,
  now: Date,
  begin: BeginWrite,
): { readonly id: Value; readonly bytes: Buffer } {
  const seed: Doc = new Map();
  if (update.kind === 'replacement') {
    const id = equalities(filter).get('_id');
    if (id !== undefined) seed.set('_id', id);
  } else {
    for (const [path, value] of equalities(filter)) setAt(seed, path.split('.'), value);
  }
  const wanted = seed.get('_id');
  const changed = update.apply(seed, { positions: undefined, inserting: true, now });
  const id = changed.get('_id') ?? newObjectId();
  if (wanted !== undefined && !equalValues(id, wanted)) {
    throw new CommandError(
      66,
      "Performing an update on the path '_id' would modify the immutable field '_id'",
    );
  }
  checkId(id);
  const document: Doc = new Map([['_id', id]]);
  for (const [name, value] of changed) if (name !== '_id') document.set(name, value);
  const bytes = encode(document);
  checkSize(bytes);
  begin();
  collection.insert(document, bytes);
  return { id, bytes };
}

/** What the query holds equal, which an upsert takes over. */
function equalities(filter: Doc): Map<string, Value> {
  const found = new Map<string, Value>();
  const add = (path: string, value: Value): void => {
    if (found.has(path))
      throw new CommandError(54, `cannot infer query fields to set, path '${path}' is matched twice`);
    found.set(path, value);
  };
  const visit = (query: Doc): void => {
    for (const [name, value] of query) {
      const clauses = isArray(value) ? value : [];
      if (name === '$and' || (name === '$or' && clauses.length === 1)) {
        for (const clause of clauses) if (isDoc(clause)) visit(clause);
      } else if (name.startsWith('$')) continue;
      else if (!isOperatorDoc(value)) add(name, value);
      else {
        const only = soleValue(value);
        if (only !== undefined) add(name, only);
      }
    }
  };
  visit(filter);
  return found;
}

function soleValue(operators: Doc): Value | undefined {
  const equal = operators.get('$eq');
  if (equal !== undefined) return equal;
  const list = operators.get('$all') ?? operators.get('$in');
  return isArray(list) && list.length === 1 && !isDoc(list[0]) ? list[0] : undefined;
}
