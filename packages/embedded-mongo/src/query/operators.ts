import { compareValues, equalValues } from '../bson/compare.ts';
import { encodeKey, KeyClass, keyClass } from '../bson/key.ts';
import {
  type Doc,
  Int32,
  isArray,
  isNumeric,
  isOpaque,
  Opaque,
  Type,
  toNumber,
  typeNumber,
  typeOf,
  type Value,
} from '../bson/value.ts';
import { badValue } from '../errors.ts';
import { type Positions, type Predicate, pathPredicate, type Test } from './path-match.ts';
import { toRegExp } from './regex.ts';

/** One operator with its operand, usable on a field of a document or on a value that is at hand. */
export interface Condition {
  readonly field: (name: string) => Predicate;
  readonly value: Test;
}

/** Holds when the test holds for any value on the path; a negated one when it holds for none. */
function leaf(test: Test, { negated = false, expand = true } = {}): Condition {
  return {
    field: (name) => {
      const any = pathPredicate(name, test, expand);
      return negated ? (document) => !any(document, undefined) : any;
    },
    value: (value, positions) => test(value, positions) !== negated,
  };
}

function whole(
  test: (value: Value | undefined, positions: Positions | undefined, name: string) => boolean,
): Condition {
  return {
    field: (name) => pathPredicate(name, (value, positions) => test(value, positions, name), false),
    value: (value) => test(value, undefined, ''),
  };
}

/** @throws CommandError BadValue */
export function conditionFor(operator: string, operand: Value, siblings: Doc): Condition {
  switch (operator) {
    case '$eq':
      return isRegex(operand) ? leaf(literal(operand)) : equals(operand);
    case '$ne':
      if (isRegex(operand)) throw badValue("Can't have regex as arg to $ne.");
      return leaf(literal(operand), { negated: true });
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return ordering(operator, operand);
    case '$in':
      return leaf(membership(operator, operand));
    case '$nin':
      return leaf(membership(operator, operand), { negated: true });
    case '$exists':
      return leaf((value) => value !== undefined, { negated: !truthy(operand), expand: false });
    case '$type':
      return ofType(operand);
    case '$size': {
      const size = integer(operator, operand);
      if (size < 0) throw badValue('$size may not be negative');
      return leaf((value) => isArray(value) && value.length === size, { expand: false });
    }
    case '$mod':
      return modulo(operand);
    case '$regex':
      return matchesRegex(operand, siblings.get('$options'));
    case '$bitsAllSet':
    case '$bitsAllClear':
    case '$bitsAnySet':
    case '$bitsAnyClear':
      return bits(operator, operand);
    default:
      throw badValue(`unknown operator: ${operator}`);
  }
}
conditionFor.whole = whole;

export function equals(operand: Value): Condition {
  return leaf(literal(operand));
}

function literal(operand: Value): Test {
  if (operand === null) return (value) => value === undefined || value === null;
  return (value) => value !== undefined && equalValues(value, operand);
}

function ordering(operator: '$gt' | '$gte' | '$lt' | '$lte', operand: Value): Condition {
  if (isRegex(operand)) throw badValue(`Can't have RegEx as arg to predicate over field with ${operator}`);
  const orEqual = operator.endsWith('e');
  const wanted = operator.startsWith('$gt') ? 1 : -1;
  if (operand === null) return leaf((value) => orEqual && (value === undefined || value === null));
  const operandClass = keyClass(operand);
  const acrossTypes = operandClass === KeyClass.minKey || operandClass === KeyClass.maxKey;
  const isNan = Number.isNaN(operand);
  return leaf((value) => {
    if (value === undefined) return false;
    if (!acrossTypes && keyClass(value) !== operandClass) return false;
    const order = compareValues(value, operand);
    if (order === 0) return orEqual;
    // NaN is ordered below every number in a sort but is neither less nor greater in a query.
    return !isNan && !Number.isNaN(value) && Math.sign(order) === wanted;
  });
}

function membership(operator: string, operand: Value): Test {
  if (!isArray(operand)) throw badValue(`${operator} needs an array`);
  const patterns: RegExp[] = [];
  const keys = new Set<string>();
  let withNull = false;
  for (const item of operand) {
    if (isRegex(item)) patterns.push(toRegExp(item, undefined));
    else if (item === null) withNull = true;
    keys.add(encodeKey(item).toString('latin1'));
  }
  return (value) => {
    if (value === undefined) return withNull;
    if (typeof value === 'string' && patterns.some((pattern) => pattern.test(value))) return true;
    return keys.has(encodeKey(value).toString('latin1'));
  };
}

function ofType(operand: Value): Condition {
  const wanted = new Set<number>();
  for (const item of isArray(operand) ? operand : [operand]) {
    if (item === 'number') {
      for (const type of [Type.double, Type.int32, Type.int64, Type.decimal128]) wanted.add(type);
    } else if (typeof item === 'string') {
      const type = typeNumber(item);
      if (type === undefined) throw badValue(`Unknown type name alias: ${item}`);
      wanted.add(type);
    } else {
      const type = integer('$type', item);
      wanted.add(type === -1 ? Type.minKey : type);
    }
  }
  return leaf((value) => value !== undefined && wanted.has(typeOf(value)));
}

function modulo(operand: Value): Condition {
  if (!isArray(operand) || operand.length !== 2)
    throw badValue('malformed mod, needs to be an array of two numbers');
  const divisor = BigInt(integer('$mod', operand[0] ?? null));
  const remainder = BigInt(integer('$mod', operand[1] ?? null));
  if (divisor === 0n) throw badValue('divisor cannot be 0');
  return leaf((value) => {
    const number = wholeNumber(value);
    return number !== undefined && number % divisor === remainder;
  });
}

function bits(operator: string, operand: Value): Condition {
  let mask = 0n;
  if (isArray(operand)) {
    for (const position of operand) mask |= 1n << BigInt(Math.min(bitPosition(operator, position), 64));
  } else {
    mask = BigInt(bitPosition(operator, operand));
  }
  return leaf((value) => {
    if (value === undefined || (typeof value === 'number' && !Number.isInteger(value))) return false;
    const number = wholeNumber(value);
    if (number === undefined) return false;
    const set = BigInt.asUintN(65, number) & mask;
    if (operator === '$bitsAllSet') return set === mask;
    if (operator === '$bitsAllClear') return set === 0n;
    if (operator === '$bitsAnySet') return set !== 0n;
    return set !== mask;
  });
}

function bitPosition(operator: string, value: Value): number {
  const position = integer(operator, value);
  if (position < 0) throw badValue(`${operator} takes no negative number`);
  return position;
}

/** The value without its fraction, as $mod wants it. */
function wholeNumber(value: Value | undefined): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (value instanceof Int32) return BigInt(value.value);
  if (typeof value === 'number' && Number.isFinite(value)) return BigInt(Math.trunc(value));
  return undefined;
}

function integer(operator: string, value: Value): number {
  if (isNumeric(value) && !(value instanceof Opaque)) {
    const number = toNumber(value);
    if (Number.isSafeInteger(Math.trunc(number))) return Math.trunc(number);
  }
  throw badValue(`${operator} needs a number`);
}

export function truthy(value: Value): boolean {
  if (isNumeric(value) && !(value instanceof Opaque)) return toNumber(value) !== 0;
  return value !== false && value !== null;
}

export function isRegex(value: Value | undefined): value is Opaque {
  return isOpaque(value, Type.regex);
}

/** A string that the pattern matches, or a stored regex that is the same. */
export function matchesRegex(pattern: Value, options: Value | undefined): Condition {
  const regex = toRegExp(pattern, options);
  return leaf((value) => {
    if (typeof value === 'string') return regex.test(value);
    return value !== undefined && isRegex(value) && isRegex(pattern) && value.bytes.equals(pattern.bytes);
  });
}
