import { encodeKey, invert } from '../bson/key.ts';
import type { Doc } from '../bson/value.ts';
import { isArray, isDoc, UNDEFINED, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import type { IndexDefinition } from './index-definition.ts';

export interface IndexKey {
  readonly bytes: Buffer;
  readonly values: readonly Value[];
}

export interface DocumentKeys {
  readonly keys: readonly IndexKey[];
  readonly multikey: readonly boolean[];
}

type State =
  | { readonly at: 'value'; readonly value: Value; readonly missing: boolean }
  | { readonly at: 'array'; readonly items: readonly Value[]; readonly rest: readonly string[] };

/**
 * The keys of a document in an index: one for each element when an array lies on a path, none when the index is partial or sparse
 * and does not cover the document. A missing field counts as null, an empty array as undefined.
 * @throws CommandError CannotIndexParallelArrays (171)
 */
export function documentKeys(index: IndexDefinition, document: Doc): DocumentKeys {
  const multikey = index.fields.map(() => false);
  if (!index.covers(document)) return { keys: [], multikey };
  const found = new Map<string, IndexKey>();
  let present = false;

  const expand = (states: readonly State[]): void => {
    const items = sharedArray(states, multikey);
    if (items === undefined) {
      const values = states.map((state) => (state.at === 'value' ? state.value : null));
      if (states.some((state) => state.at === 'value' && !state.missing)) present = true;
      const bytes = compoundKey(index, values);
      found.set(bytes.toString('latin1'), { bytes, values });
    } else if (items.length === 0) {
      expand(states.map((state) => (state.at === 'array' ? emptyArray(state.rest) : state)));
    } else {
      for (const item of items) {
        expand(states.map((state) => (state.at === 'array' ? element(item, state.rest) : state)));
      }
    }
  };
  expand(index.fields.map((field) => walk(document, field.path)));
  return { keys: index.sparse && !present ? [] : [...found.values()], multikey };
}

export function compoundKey(index: IndexDefinition, values: readonly Value[]): Buffer {
  return Buffer.concat(values.map((value, i) => componentKey(value, index.fields[i]?.descending === true)));
}

export function componentKey(value: Value, descending: boolean): Buffer {
  const key = encodeKey(value);
  return descending ? invert(key) : key;
}

function walk(from: Value, path: readonly string[]): State {
  let value = from;
  for (let i = 0; i < path.length; i++) {
    if (isArray(value)) return { at: 'array', items: value, rest: path.slice(i) };
    const next: Value | undefined = isDoc(value) ? value.get(path[i] ?? '') : undefined;
    if (next === undefined) return { at: 'value', value: null, missing: true };
    value = next;
  }
  return isArray(value) ? { at: 'array', items: value, rest: [] } : { at: 'value', value, missing: false };
}

/** Within an array, an array is one value. */
function element(item: Value, rest: readonly string[]): State {
  if (rest.length === 0) return { at: 'value', value: item, missing: false };
  if (!isDoc(item)) return { at: 'value', value: null, missing: true };
  return walk(item, rest);
}

function emptyArray(rest: readonly string[]): State {
  return rest.length === 0
    ? { at: 'value', value: UNDEFINED, missing: false }
    : { at: 'value', value: null, missing: true };
}

function sharedArray(states: readonly State[], multikey: boolean[]): readonly Value[] | undefined {
  let shared: readonly Value[] | undefined;
  for (const [i, state] of states.entries()) {
    if (state.at !== 'array') continue;
    multikey[i] = true;
    if (shared !== undefined && shared !== state.items)
      throw new CommandError(171, 'cannot index parallel arrays');
    shared = state.items;
  }
  return shared;
}
