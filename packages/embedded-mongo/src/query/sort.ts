import { compareValues } from '../bson/compare.ts';
import { encodeKey, invert } from '../bson/key.ts';
import {
  type Doc,
  isArray,
  isDoc,
  isNumeric,
  Opaque,
  toNumber,
  UNDEFINED,
  type Value,
} from '../bson/value.ts';
import { badValue } from '../errors.ts';
import { arrayIndex } from './path-match.ts';

export interface SortField {
  readonly field: string;
  readonly descending: boolean;
}

/** @throws CommandError BadValue for anything but 1 and -1 */
export function parseSort(value: Value | undefined): SortField[] {
  if (value === undefined || value === null) return [];
  if (!isDoc(value)) throw badValue('sort must be an object');
  return [...value].map(([field, direction]) => {
    const number = isNumeric(direction) && !(direction instanceof Opaque) ? toNumber(direction) : 0;
    if (number !== 1 && number !== -1)
      throw badValue(`$sort key ordering must be 1 (for ascending) or -1 (for descending): ${field}`);
    return { field, descending: number === -1 };
  });
}

/** A key that orders documents byte by byte as the sort wants them. */
export function sortKey(document: Doc, sort: readonly SortField[]): Buffer {
  return Buffer.concat(
    sort.map(({ field, descending }) => {
      const key = encodeKey(sortValue(document, field.split('.'), descending));
      return descending ? invert(key) : key;
    }),
  );
}

/** An array sorts by its least element when ascending and by its greatest when descending. */
function sortValue(document: Doc, path: readonly string[], descending: boolean): Value {
  let best: Value | undefined;
  for (const value of valuesAt(document, path)) {
    if (best === undefined || compareValues(value, best) * (descending ? -1 : 1) < 0) best = value;
  }
  return best ?? null;
}

/** The values that a path reaches, arrays on the way and at the end unfolded; a missing field is null. */
export function valuesAt(value: Value | undefined, path: readonly string[]): Value[] {
  const [name, ...rest] = path;
  if (value === undefined) return [null];
  if (name === undefined) {
    if (!isArray(value)) return [value];
    return value.length === 0 ? [UNDEFINED] : value;
  }
  if (isDoc(value)) return valuesAt(value.get(name), rest);
  if (!isArray(value)) return [null];
  const index = arrayIndex(name);
  if (index !== undefined && index < value.length) return valuesAt(value[index], rest);
  return value.flatMap((item) => (isDoc(item) ? valuesAt(item, path) : []));
}
