import { compareValues, equalValues } from '../bson/compare.ts';
import {
  type Doc,
  Int32,
  isArray,
  isDoc,
  isNumeric,
  Opaque,
  toNumber,
  typeName,
  type Value,
} from '../bson/value.ts';
import { badValue } from '../errors.ts';
import { elementTest } from '../query/filter.ts';
import { isRegex } from '../query/operators.ts';
import { toRegExp } from '../query/regex.ts';
import { parseSort, sortKey } from '../query/sort.ts';

/** `$push` with `$each`, `$position`, `$sort` and `$slice`, which take effect in this order. */
export function push(current: Value | undefined, operand: Value): Value {
  const items = arrayOrNew('$push', current);
  if (!isDoc(operand) || !operand.has('$each')) return [...items, operand];
  for (const name of operand.keys()) {
    if (!['$each', '$position', '$sort', '$slice'].includes(name))
      throw badValue(`Unrecognized clause in $push: ${name}`);
  }
  const position = operand.get('$position');
  const at = position === undefined ? items.length : integer('$position', position);
  let result = [...items.slice(0, at), ...each('$push', operand), ...items.slice(at)];
  if (at < 0) {
    const from = Math.max(0, items.length + at);
    result = [...items.slice(0, from), ...each('$push', operand), ...items.slice(from)];
  }
  const sort = operand.get('$sort');
  if (sort !== undefined) result = sorted(result, sort);
  const slice = operand.get('$slice');
  if (slice === undefined) return result;
  const count = integer('$slice', slice);
  if (count === 0) return [];
  return count < 0 ? result.slice(count) : result.slice(0, count);
}

export function addToSet(current: Value | undefined, operand: Value): Value {
  const result = [...arrayOrNew('$addToSet', current)];
  const extra = isDoc(operand) && operand.has('$each');
  if (extra && operand.size > 1) throw badValue('Found unexpected fields after $each in $addToSet');
  for (const item of extra ? each('$addToSet', operand) : [operand]) {
    if (!result.some((existing) => equalValues(existing, item))) result.push(item);
  }
  return result;
}

export function pop(current: Value | undefined, operand: Value): Value | undefined {
  const end = integer('$pop', operand);
  if (end !== 1 && end !== -1) throw badValue(`$pop expects 1 or -1, found: ${end}`);
  const items = arrayOrNone('$pop', current);
  return end === 1 ? items?.slice(0, -1) : items?.slice(1);
}

export function pull(operand: Value): (current: Value | undefined) => Value | undefined {
  const test = pullTest(operand);
  return (current) => arrayOrNone('$pull', current)?.filter((item) => !test(item));
}

export function pullAll(current: Value | undefined, operand: Value): Value | undefined {
  if (!isArray(operand)) throw badValue('$pullAll requires an array argument');
  return arrayOrNone('$pullAll', current)?.filter(
    (item) => !operand.some((unwanted) => equalValues(item, unwanted)),
  );
}

function pullTest(operand: Value): (item: Value) => boolean {
  if (isDoc(operand)) return elementTest(operand);
  if (isRegex(operand)) {
    const regex = toRegExp(operand, undefined);
    return (item) => (typeof item === 'string' ? regex.test(item) : equalValues(item, operand));
  }
  return (item) => equalValues(item, operand);
}

function sorted(items: readonly Value[], sort: Value): Value[] {
  if (!isDoc(sort)) {
    const direction = integer('$sort', sort);
    if (direction !== 1 && direction !== -1) throw badValue('The $sort element value must be either 1 or -1');
    return [...items].sort((a, b) => compareValues(a, b) * direction);
  }
  const fields = parseSort(sort);
  const keyed = items.map((item) => ({ item, key: sortKey(isDoc(item) ? item : new Map(), fields) }));
  return keyed.sort((a, b) => Buffer.compare(a.key, b.key)).map(({ item }) => item);
}

function each(operator: string, operand: Doc): readonly Value[] {
  const items = operand.get('$each');
  if (!isArray(items)) throw badValue(`The argument to $each in ${operator} must be an array`);
  return items;
}

function arrayOrNew(operator: string, current: Value | undefined): readonly Value[] {
  return arrayOrNone(operator, current) ?? [];
}

function arrayOrNone(operator: string, current: Value | undefined): readonly Value[] | undefined {
  if (current === undefined || isArray(current)) return current;
  throw badValue(`Cannot apply ${operator} to a field of non-array type ${typeName(current)}`);
}

function integer(name: string, value: Value): number {
  if (isNumeric(value) && !(value instanceof Opaque)) {
    const number = value instanceof Int32 ? value.value : toNumber(value);
    if (Number.isSafeInteger(number)) return number;
  }
  throw badValue(`The value for ${name} must be an integer`);
}
