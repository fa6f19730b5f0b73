import { CommandError } from '../errors.ts';

/** BSON element types, as in bsonspec.org. */
export const Type = {
  double: 0x01,
  string: 0x02,
  object: 0x03,
  array: 0x04,
  binary: 0x05,
  undefined: 0x06,
  objectId: 0x07,
  boolean: 0x08,
  date: 0x09,
  null: 0x0a,
  regex: 0x0b,
  dbPointer: 0x0c,
  code: 0x0d,
  symbol: 0x0e,
  codeWithScope: 0x0f,
  int32: 0x10,
  timestamp: 0x11,
  int64: 0x12,
  decimal128: 0x13,
  maxKey: 0x7f,
  minKey: 0xff,
} as const;

export class Int32 {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** A BSON value that is kept as the bytes it came in: ObjectId, binary, regex, Decimal128, timestamp and the rarer types. */
export class Opaque {
  readonly type: number;
  readonly bytes: Buffer;
  constructor(type: number, bytes: Buffer) {
    this.type = type;
    this.bytes = bytes;
  }

  /** Unique within a type; mingo compares by it. */
  toString(): string {
    const hex = this.bytes.toString('hex');
    return this.type === Type.objectId ? hex : `${this.type}:${hex}`;
  }
}

/** A whole encoded document, put into a reply without being decoded. */
export class RawDocument {
  readonly bytes: Buffer;
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
}

/**
 * A document keeps the order of its keys, integer-like ones included, and a key such as `__proto__` is only a key;
 * neither is true of a plain object.
 */
export type Doc = Map<string, Value>;

/** number is a BSON double and bigint an int64, so that the numeric type survives an update. */
export type Value =
  | null
  | boolean
  | string
  | number
  | bigint
  | Int32
  | Date
  | Opaque
  | RawDocument
  | readonly Value[]
  | Doc;

export const UNDEFINED = new Opaque(Type.undefined, Buffer.alloc(0));

export function isDoc(value: Value | undefined): value is Doc {
  return value instanceof Map;
}

export function isArray(value: Value | undefined): value is Value[] {
  return Array.isArray(value);
}

export function isOpaque(value: Value | undefined, type: number): value is Opaque {
  return value instanceof Opaque && value.type === type;
}

export function isDecimal(value: Value | undefined): value is Opaque {
  return isOpaque(value, Type.decimal128);
}

export function isNumeric(value: Value | undefined): value is number | bigint | Int32 | Opaque {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof Int32 || isDecimal(value);
}

export function typeOf(value: Value): number {
  if (value === null) return Type.null;
  if (typeof value === 'string') return Type.string;
  if (typeof value === 'number') return Type.double;
  if (typeof value === 'bigint') return Type.int64;
  if (typeof value === 'boolean') return Type.boolean;
  if (value instanceof Int32) return Type.int32;
  if (value instanceof Date) return Type.date;
  if (value instanceof Opaque) return value.type;
  if (Array.isArray(value)) return Type.array;
  return Type.object;
}

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [Type.double]: 'double',
  [Type.string]: 'string',
  [Type.object]: 'object',
  [Type.array]: 'array',
  [Type.binary]: 'binData',
  [Type.undefined]: 'undefined',
  [Type.objectId]: 'objectId',
  [Type.boolean]: 'bool',
  [Type.date]: 'date',
  [Type.null]: 'null',
  [Type.regex]: 'regex',
  [Type.dbPointer]: 'dbPointer',
  [Type.code]: 'javascript',
  [Type.symbol]: 'symbol',
  [Type.codeWithScope]: 'javascriptWithScope',
  [Type.int32]: 'int',
  [Type.timestamp]: 'timestamp',
  [Type.int64]: 'long',
  [Type.decimal128]: 'decimal',
  [Type.maxKey]: 'maxKey',
  [Type.minKey]: 'minKey',
};

export function typeName(value: Value): string {
  return TYPE_NAMES[typeOf(value)] ?? 'unknown';
}

/** The type number for a `$type` alias, or undefined when there is none. */
export function typeNumber(alias: string): number | undefined {
  for (const [number, name] of Object.entries(TYPE_NAMES)) if (name === alias) return Number(number);
  return undefined;
}

/** Plain values for replies written in code: an integral number becomes an int32, others a double. */
export type Plain = Value | undefined | readonly Plain[] | { readonly [key: string]: Plain };

export function doc(fields: { readonly [key: string]: Plain }): Doc {
  const result: Doc = new Map();
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) result.set(key, fromPlain(value));
  }
  return result;
}

function fromPlain(value: Plain): Value {
  if (value === undefined) return null;
  if (typeof value === 'number') return numberValue(value);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(fromPlain);
  if (
    value instanceof Map ||
    value instanceof Int32 ||
    value instanceof Opaque ||
    value instanceof RawDocument ||
    value instanceof Date
  ) {
    return value;
  }
  return doc(value as { readonly [key: string]: Plain });
}

export function numberValue(value: number): Int32 | number {
  return Number.isInteger(value) && Math.abs(value) <= 0x7fffffff && !Object.is(value, -0)
    ? new Int32(value)
    : value;
}

/** What a numeric value is as a JavaScript number; int64 beyond 2^53 is rounded. Decimal128 is not accepted here. */
export function toNumber(value: number | bigint | Int32): number {
  return value instanceof Int32 ? value.value : Number(value);
}

export function invalidBson(message: string): CommandError {
  return new CommandError(22, message);
}
