import { decimalText, type ExactDecimal, exactFromDouble, exactFromText, subtract } from './decimal.ts';
import { decode } from './decode.ts';
import { Int32, isDecimal, Opaque, RawDocument, Type, typeOf, type Value } from './value.ts';

/**
 * Order-preserving keys: comparing two keys byte by byte gives MongoDB's order of the values, across types. Each key starts with
 * the class of its type and is self-delimiting, so the keys of a compound index are simply joined; no key starts with 0x00 or 0xff.
 */
export const KeyClass = {
  minKey: 0x01,
  undefined: 0x02,
  null: 0x05,
  number: 0x0a,
  string: 0x0f,
  object: 0x14,
  array: 0x19,
  binary: 0x1e,
  objectId: 0x23,
  boolean: 0x28,
  date: 0x2d,
  timestamp: 0x2f,
  regex: 0x32,
  dbPointer: 0x37,
  code: 0x3c,
  codeWithScope: 0x41,
  maxKey: 0x7f,
} as const;

const CLASS_BY_TYPE: Readonly<Record<number, number>> = {
  [Type.minKey]: KeyClass.minKey,
  [Type.undefined]: KeyClass.undefined,
  [Type.null]: KeyClass.null,
  [Type.double]: KeyClass.number,
  [Type.int32]: KeyClass.number,
  [Type.int64]: KeyClass.number,
  [Type.decimal128]: KeyClass.number,
  [Type.string]: KeyClass.string,
  [Type.symbol]: KeyClass.string,
  [Type.object]: KeyClass.object,
  [Type.array]: KeyClass.array,
  [Type.binary]: KeyClass.binary,
  [Type.objectId]: KeyClass.objectId,
  [Type.boolean]: KeyClass.boolean,
  [Type.date]: KeyClass.date,
  [Type.timestamp]: KeyClass.timestamp,
  [Type.regex]: KeyClass.regex,
  [Type.dbPointer]: KeyClass.dbPointer,
  [Type.code]: KeyClass.code,
  [Type.codeWithScope]: KeyClass.codeWithScope,
  [Type.maxKey]: KeyClass.maxKey,
};

export function keyClass(value: Value): number {
  return CLASS_BY_TYPE[typeOf(value)] ?? KeyClass.maxKey;
}

export function encodeKey(value: Value): Buffer {
  const parts: Buffer[] = [];
  push(parts, value);
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
}

/** The same key in descending order. */
export function invert(key: Buffer): Buffer {
  const result = Buffer.allocUnsafe(key.length);
  for (let i = 0; i < key.length; i++) result[i] = 0xff - (key[i] ?? 0);
  return result;
}

function push(parts: Buffer[], value: Value): void {
  parts.push(Buffer.of(keyClass(value)));
  pushPayload(parts, value);
}

function pushPayload(parts: Buffer[], value: Value): void {
  if (value === null) return;
  if (typeof value === 'string') parts.push(textKey(Buffer.from(value)));
  else if (
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    value instanceof Int32 ||
    isDecimal(value)
  ) {
    parts.push(numberKey(value));
  } else if (typeof value === 'boolean') parts.push(Buffer.of(value ? 1 : 0));
  else if (value instanceof Date) parts.push(int64Key(BigInt(value.getTime())));
  else if (value instanceof Opaque) parts.push(opaqueKey(value));
  else if (Array.isArray(value)) {
    for (const item of value) push(parts, item);
    parts.push(Buffer.of(0));
  } else if (value instanceof RawDocument) {
    pushPayload(parts, decode(value.bytes));
  } else if (value instanceof Map) {
    for (const [name, item] of value) {
      parts.push(Buffer.of(keyClass(item)), textKey(Buffer.from(name)));
      pushPayload(parts, item);
    }
    parts.push(Buffer.of(0));
  }
}

/** 0x00 is escaped as 00 ff and the end marked by 00 01, so a prefix sorts before what continues it. */
function textKey(bytes: Buffer): Buffer {
  let zeros = 0;
  for (let at = bytes.indexOf(0); at !== -1; at = bytes.indexOf(0, at + 1)) zeros++;
  const result = Buffer.allocUnsafe(bytes.length + zeros + 2);
  let to = 0;
  if (zeros === 0) to = bytes.copy(result);
  else {
    for (const byte of bytes) {
      result[to++] = byte;
      if (byte === 0) result[to++] = 0xff;
    }
  }
  result[to++] = 0;
  result[to] = 1;
  return result;
}

function int64Key(value: bigint): Buffer {
  const result = Buffer.allocUnsafe(8);
  result.writeBigUInt64BE(BigInt.asUintN(64, value) ^ (1n << 63n));
  return result;
}

function opaqueKey(value: Opaque): Buffer {
  const { bytes } = value;
  switch (value.type) {
    case Type.date:
      return int64Key(bytes.readBigInt64LE());
    case Type.timestamp:
      return Buffer.from(bytes).reverse();
    case Type.binary: {
      const length = Buffer.allocUnsafe(4);
      length.writeUInt32BE(bytes.readUInt32LE());
      return Buffer.concat([length, bytes.subarray(4)]);
    }
    case Type.regex: {
      const end = bytes.indexOf(0);
      return Buffer.concat([textKey(bytes.subarray(0, end)), textKey(bytes.subarray(end + 1, -1))]);
    }
    case Type.symbol:
    case Type.code:
      return textKey(bytes.subarray(4, -1));
    case Type.codeWithScope:
    case Type.dbPointer:
      return textKey(bytes);
    default:
      return bytes;
  }
}

/**
 * The nearest double, then what that left out. Rounding is monotone, so comparing first the double and then the exact remainder
 * orders doubles, int64 beyond 2^53 and Decimal128 together without loss.
 */
function numberKey(value: number | bigint | Int32 | Opaque): Buffer {
  if (value instanceof Int32) return doubleKey(value.value, undefined);
  if (typeof value === 'number') return doubleKey(value, undefined);
  if (typeof value === 'bigint') {
    const nearest = Number(value);
    const remainder = value - BigInt(nearest);
    return doubleKey(nearest, remainder === 0n ? undefined : { coefficient: remainder, exponent: 0 });
  }
  const text = decimalText(value);
  const exact = exactFromText(text);
  let nearest = Number(text);
  if (exact === undefined) return doubleKey(nearest, undefined);
  if (!Number.isFinite(nearest)) nearest = nearest > 0 ? Number.MAX_VALUE : -Number.MAX_VALUE;
  const remainder = subtract(exact, exactFromDouble(nearest));
  return doubleKey(nearest, remainder.coefficient === 0n ? undefined : remainder);
}

function doubleKey(value: number, remainder: ExactDecimal | undefined): Buffer {
  const result = Buffer.allocUnsafe(9);
  if (Number.isNaN(value)) result.fill(0, 0, 8);
  else {
    result.writeDoubleBE(value === 0 ? 0 : value);
    if ((result[0] ?? 0) & 0x80) for (let i = 0; i < 8; i++) result[i] = 0xff - (result[i] ?? 0);
    else result[0] = (result[0] ?? 0) | 0x80;
  }
  result[8] = 0x80;
  if (remainder === undefined) return result;
  const negative = remainder.coefficient < 0n;
  const digits = String(negative ? -remainder.coefficient : remainder.coefficient);
  const tail = Buffer.allocUnsafe(2);
  tail.writeUInt16BE(digits.length + remainder.exponent + 0x4000);
  const magnitude = Buffer.concat([tail, Buffer.from(digits.replace(/0+$/, '')), Buffer.of(0)]);
  result[8] = negative ? 0x7f : 0x81;
  return Buffer.concat([result, negative ? invert(magnitude) : magnitude]);
}
