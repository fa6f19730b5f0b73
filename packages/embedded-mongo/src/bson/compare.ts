import { encodeKey, keyClass } from './key.ts';
import { Int32, isDecimal, Opaque, type Value } from './value.ts';

/** MongoDB's total order of BSON values; numbers compare by value whatever their type. Negative, zero or positive. */
export function compareValues(a: Value, b: Value): number {
  const byClass = keyClass(a) - keyClass(b);
  if (byClass !== 0) return byClass;
  if (typeof a === 'string' && typeof b === 'string') return a === b ? 0 : compareText(a, b);
  if (isPlainNumber(a) && isPlainNumber(b)) return compareNumbers(primitive(a), primitive(b));
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime();
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a === null || b === null) return 0;
  if (a instanceof Opaque && b instanceof Opaque && a.type === b.type && a.bytes.equals(b.bytes)) return 0;
  if (Array.isArray(a) && Array.isArray(b)) return compareArrays(a, b);
  return Buffer.compare(encodeKey(a), encodeKey(b));
}

export function equalValues(a: Value, b: Value): boolean {
  return compareValues(a, b) === 0;
}

function compareArrays(a: readonly Value[], b: readonly Value[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compareValues(a[i] ?? null, b[i] ?? null);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function isPlainNumber(value: Value): value is number | bigint | Int32 {
  return (
    !isDecimal(value) && (typeof value === 'number' || typeof value === 'bigint' || value instanceof Int32)
  );
}

function primitive(value: number | bigint | Int32): number | bigint {
  return value instanceof Int32 ? value.value : value;
}

function compareNumbers(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  if (a > b) return 1;
  // biome-ignore lint/suspicious/noDoubleEquals: compares an int64 and a double by value
  if (a == b) return 0;
  return Number(!Number.isNaN(a)) - Number(!Number.isNaN(b));
}

/** UTF-8 order is code point order, which UTF-16 units disagree with only above the basic plane. */
function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
