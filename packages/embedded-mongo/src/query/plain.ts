import {
  type Doc,
  Int32,
  isArray,
  isDecimal,
  isDoc,
  numberValue,
  Opaque,
  RawDocument,
  Type,
  type Value,
} from '../bson/value.ts';
import { badValue, CommandError } from '../errors.ts';
import { isRegex } from './operators.ts';
import { toRegExp } from './regex.ts';

type PlainObject = Record<string, unknown>;

/**
 * A document as mingo computes with it: numbers are JavaScript numbers, an ObjectId and the like stay opaque.
 * @throws CommandError NotImplemented where a JavaScript number would lose digits, BadValue for a key that could reach a prototype
 */
export function toPlain(value: Value): unknown {
  if (value instanceof Int32) return value.value;
  if (typeof value === 'bigint') {
    const number = Number(value);
    if (!Number.isSafeInteger(number))
      throw new CommandError(238, 'aggregation over int64 beyond 2^53 is not supported');
    return number;
  }
  if (isDecimal(value)) throw new CommandError(238, 'aggregation over Decimal128 is not supported');
  if (isArray(value)) return value.map(toPlain);
  if (isDoc(value)) return toPlainObject(value);
  return value;
}

export function toPlainObject(document: Doc): PlainObject {
  const result: PlainObject = {};
  for (const [name, value] of document) {
    if (name === '__proto__') throw badValue('aggregation over a field named __proto__ is not supported');
    result[name] = toPlain(value);
  }
  return result;
}

/** An expression, where a regex is one to match with rather than a value to keep. */
export function toPlainExpression(value: Value): unknown {
  if (isRegex(value)) return toRegExp(value, undefined);
  if (isArray(value)) return value.map(toPlainExpression);
  if (isDoc(value)) {
    const entries = [...value].map(([name, item]): [string, unknown] => {
      if (name.split('.').includes('__proto__'))
        throw badValue('a field named __proto__ is not supported here');
      return [name, toPlainExpression(item)];
    });
    return Object.fromEntries(entries);
  }
  return toPlain(value);
}

export function fromPlain(value: unknown): Value {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return numberValue(value);
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint') return value;
  if (
    value instanceof Date ||
    value instanceof Opaque ||
    value instanceof Int32 ||
    value instanceof RawDocument
  )
    return value;
  if (value instanceof RegExp) {
    return new Opaque(Type.regex, Buffer.from(`${value.source}\0${value.flags.replace(/[^ims]/g, '')}\0`));
  }
  if (Array.isArray(value)) return value.map(fromPlain);
  if (typeof value === 'object') return fromPlainObject(value);
  throw badValue('the aggregation produced a value that BSON cannot hold');
}

export function fromPlainObject(value: object): Doc {
  const result: Doc = new Map();
  for (const [name, item] of Object.entries(value)) if (item !== undefined) result.set(name, fromPlain(item));
  return result;
}
