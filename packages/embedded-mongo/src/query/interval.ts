import { encodeKey, invert, KeyClass, keyClass } from '../bson/key.ts';
import type { Value } from '../bson/value.ts';

/**
 * A place between keys of one index field, in ascending order: just before a key, just after everything that continues it, or at the
 * boundary below a type class. The distinction keeps intervals exact when a descending index inverts them.
 */
export interface Position {
  readonly key: Buffer;
  readonly place: 'before' | 'after' | 'boundary';
}

/** What lies between two positions. `ascendingOnly` marks one that an inverted index cannot express. */
export interface Interval {
  readonly low: Position;
  readonly high: Position;
  readonly ascendingOnly?: true;
}

/** A half-open range of whole index keys. */
export interface KeyRange {
  readonly low: Buffer;
  readonly high: Buffer;
}

const AFTER = Buffer.of(0xff);
const EMPTY = Buffer.alloc(0);
export const WHOLE_INDEX: KeyRange = { low: EMPTY, high: AFTER };
const NULL_KEY = Buffer.of(KeyClass.null);

export function point(value: Value): Interval {
  const key = encodeKey(value);
  return { low: { key, place: 'before' }, high: { key, place: 'after' } };
}

export function isPoint(interval: Interval): boolean {
  return (
    interval.low.place === 'before' &&
    interval.high.place === 'after' &&
    interval.low.key.equals(interval.high.key) &&
    interval.ascendingOnly !== true
  );
}

export function classInterval(type: number): Interval {
  return { low: boundary(type), high: boundary(type + 1) };
}

function boundary(type: number): Position {
  return { key: Buffer.of(type), place: 'boundary' };
}

/** The values that `$gt`, `$gte`, `$lt` or `$lte` select: of the operand's type class only. NaN is below none and above none. */
export function orderingInterval(operator: string, operand: Value): Interval {
  const type = keyClass(operand);
  const key = encodeKey(operand);
  const low: Position =
    type === KeyClass.number ? { key: encodeKey(Number.NaN), place: 'after' } : boundary(type);
  const high = boundary(type + 1);
  switch (operator) {
    case '$gt':
      return { low: { key, place: 'after' }, high };
    case '$gte':
      return { low: { key, place: 'before' }, high };
    case '$lt':
      return { low, high: { key, place: 'before' } };
    default:
      return Number.isNaN(operand) ? point(operand) : { low, high: { key, place: 'after' } };
  }
}

export function prefixInterval(prefix: string): Interval {
  const key = Buffer.concat([Buffer.of(KeyClass.string), Buffer.from(prefix)]);
  return { low: { key, place: 'before' }, high: { key, place: 'after' }, ascendingOnly: true };
}

export function includesNull(intervals: readonly Interval[]): boolean {
  return intervals.some(
    (interval) =>
      Buffer.compare(bytes(interval.low), NULL_KEY) <= 0 &&
      Buffer.compare(NULL_KEY, bytes(interval.high)) < 0,
  );
}

export function intersect(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const result: Interval[] = [];
  for (const x of a) {
    for (const y of b) {
      const low = Buffer.compare(bytes(x.low), bytes(y.low)) >= 0 ? x.low : y.low;
      const high = Buffer.compare(bytes(x.high), bytes(y.high)) <= 0 ? x.high : y.high;
      if (Buffer.compare(bytes(low), bytes(high)) >= 0) continue;
      const ascendingOnly = x.ascendingOnly === true || y.ascendingOnly === true;
      result.push(ascendingOnly ? { low, high, ascendingOnly } : { low, high });
    }
  }
  return result;
}

export function isSubset(inner: readonly Interval[], outer: readonly Interval[]): boolean {
  return inner.every((x) =>
    outer.some(
      (y) =>
        Buffer.compare(bytes(x.low), bytes(y.low)) >= 0 && Buffer.compare(bytes(x.high), bytes(y.high)) <= 0,
    ),
  );
}

/** The range of index keys that start with `prefix` and continue with a key of the interval. */
export function keyRange(prefix: Buffer, interval: Interval, descending: boolean): KeyRange {
  const usable = descending && interval.ascendingOnly ? classInterval(interval.low.key[0] ?? 0) : interval;
  const low = descending ? flip(usable.high) : usable.low;
  const high = descending ? flip(usable.low) : usable.high;
  return { low: Buffer.concat([prefix, bytes(low)]), high: Buffer.concat([prefix, bytes(high)]) };
}

export function prefixRange(prefix: Buffer): KeyRange {
  return { low: prefix, high: Buffer.concat([prefix, AFTER]) };
}

function bytes(position: Position): Buffer {
  return position.place === 'after' ? Buffer.concat([position.key, AFTER]) : position.key;
}

function flip(position: Position): Position {
  if (position.place === 'boundary') return boundary(Math.min(0x100 - (position.key[0] ?? 0), 0xff));
  return { key: invert(position.key), place: position.place === 'before' ? 'after' : 'before' };
}
