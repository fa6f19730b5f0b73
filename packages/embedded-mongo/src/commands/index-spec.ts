import { equalValues } from '../bson/compare.ts';
import { type Doc, doc, isArray, isDoc, isNumeric, Opaque, toNumber, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { compileFilter, isOperatorDoc } from '../query/filter.ts';
import { arrayIndex } from '../query/path-match.ts';
import type { IndexDefinition } from '../store/index-definition.ts';
import { flag, integer, missing } from './arguments.ts';

const OPTIONS = new Set([
  'key',
  'name',
  'unique',
  'sparse',
  'background',
  'expireAfterSeconds',
  'partialFilterExpression',
  'v',
  'ns',
]);
const PARTIAL_OPERATORS = new Set(['$eq', '$exists', '$gt', '$gte', '$lt', '$lte', '$type', '$in']);
const MAX_FIELDS = 32;
const MAX_EXPIRE_SECONDS = 2_147_483_647;

function cannotCreate(message: string): CommandError {
  return new CommandError(67, message);
}

/** An index as asked for, checked and in the form in which it is kept and shown. @throws CommandError CannotCreateIndex */
export function indexSpec(asked: Value): Doc {
  if (!isDoc(asked)) throw new CommandError(14, "The elements of the 'indexes' array must be objects");
  for (const option of asked.keys()) {
    if (!OPTIONS.has(option)) {
      throw new CommandError(197, `The index option '${option}' is not supported.`);
    }
  }
  const key = asked.get('key');
  const name = asked.get('name');
  if (!isDoc(key)) throw missing('createIndexes.indexes.key');
  if (typeof name !== 'string' || name === '' || name === '*') throw cannotCreate('an index needs a name');
  checkKey(key);
  const partial = asked.get('partialFilterExpression');
  if (partial !== undefined) checkPartial(partial, true);
  if (partial !== undefined && flag(asked, 'sparse')) {
    throw cannotCreate("cannot mix 'partialFilterExpression' and 'sparse' options");
  }
  const unique = flag(asked, 'unique');
  return doc({
    v: 2,
    key,
    name,
    unique: unique || undefined,
    sparse: flag(asked, 'sparse') || undefined,
    expireAfterSeconds: expireAfter(asked, key),
    partialFilterExpression: partial,
  });
}

function checkKey(key: Doc): void {
  if (key.size === 0) throw cannotCreate('Index keys cannot be empty.');
  if (key.size > MAX_FIELDS) throw cannotCreate(`Index key pattern has more than ${MAX_FIELDS} fields`);
  for (const [field, direction] of key) {
    if (typeof direction === 'string') throw cannotCreate(`Index type '${direction}' is not supported`);
    if (!isNumeric(direction) || direction instanceof Opaque || !toNumber(direction)) {
      throw cannotCreate('Values in the index key pattern must be numbers greater or less than 0');
    }
    for (const part of field.split('.')) {
      if (part === '' || part.startsWith('$'))
        throw cannotCreate(`Index key contains an illegal field name: '${field}'`);
      if (arrayIndex(part) !== undefined)
        throw cannotCreate(`Index on an array position is not supported: '${field}'`);
    }
  }
}

function expireAfter(asked: Doc, key: Doc): number | undefined {
  const seconds = integer(asked, 'expireAfterSeconds');
  if (seconds === undefined) return undefined;
  if (seconds < 0 || seconds > MAX_EXPIRE_SECONDS)
    throw cannotCreate(`TTL index 'expireAfterSeconds' must be within 0 and ${MAX_EXPIRE_SECONDS}`);
  if (key.size > 1)
    throw cannotCreate('TTL indexes are single-field indexes, compound indexes do not support TTL');
  if (key.has('_id'))
    throw cannotCreate("The field 'expireAfterSeconds' is not valid for an _id index specification");
  return seconds;
}

function checkPartial(filter: Value, top: boolean): void {
  if (!isDoc(filter)) throw cannotCreate("'partialFilterExpression' must be an object");
  if (top) compileFilter(filter);
  for (const [name, value] of filter) {
    if ((name === '$and' || name === '$or') && isArray(value)) {
      for (const clause of value) checkPartial(clause, false);
    } else if (name.startsWith('$')) throw cannotCreate(`Expression not supported in partial index: ${name}`);
    else if (isOperatorDoc(value)) {
      for (const [operator, operand] of value) {
        const supported = PARTIAL_OPERATORS.has(operator) && !(operator === '$exists' && operand !== true);
        if (!supported) throw cannotCreate(`Expression not supported in partial index: ${operator}`);
      }
    }
  }
}

/**
 * Whether the index asked for is there already.
 * @throws CommandError IndexKeySpecsConflict (86), IndexOptionsConflict (85) when one of its name or key is there but not the same
 */
export function alreadyThere(spec: Doc, existing: readonly IndexDefinition[]): boolean {
  const key = spec.get('key') ?? null;
  for (const index of existing) {
    if (index.name === '_id_' && equalValues(index.key, key)) return true;
    const sameKey = equalValues(index.key, key);
    const samePartial = equalValues(
      index.spec.get('partialFilterExpression') ?? null,
      spec.get('partialFilterExpression') ?? null,
    );
    if (index.name === spec.get('name')) {
      if (equalValues(index.spec, spec)) return true;
      if (!sameKey) {
        throw new CommandError(
          86,
          `An existing index has the same name as the requested index. Requested index: ${index.name}`,
        );
      }
      throw new CommandError(
        85,
        `An equivalent index already exists with the same name but different options. Requested index: ${index.name}`,
      );
    }
    if (sameKey && samePartial) {
      throw new CommandError(85, `Index already exists with a different name: ${index.name}`);
    }
  }
  return false;
}
