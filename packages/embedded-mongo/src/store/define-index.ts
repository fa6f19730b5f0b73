import { type Doc, isDoc, isNumeric, Opaque, toNumber } from '../bson/value.ts';
import { compileFilter } from '../query/filter.ts';
import type { IndexDefinition } from './index-definition.ts';

/** @param spec an index as createIndexes checked it and listIndexes shows it */
export function defineIndex(id: number, spec: Doc, multikeyMask: number): IndexDefinition {
  const key = spec.get('key');
  const fields = [...(isDoc(key) ? key : new Map<string, never>())].map(([name, direction]) => ({
    name,
    path: name.split('.'),
    descending: isNumeric(direction) && !(direction instanceof Opaque) && toNumber(direction) < 0,
  }));
  const partial = spec.get('partialFilterExpression');
  const expire = spec.get('expireAfterSeconds');
  return {
    id,
    name: indexName(spec),
    spec,
    key: isDoc(key) ? key : new Map(),
    fields,
    unique: spec.get('unique') === true,
    sparse: spec.get('sparse') === true,
    expireAfterSeconds: isNumeric(expire) && !(expire instanceof Opaque) ? toNumber(expire) : undefined,
    partial: isDoc(partial) ? partial : undefined,
    covers: isDoc(partial) ? compileFilter(partial).matches : () => true,
    multikey: fields.map((_, i) => Math.floor(multikeyMask / 2 ** i) % 2 === 1),
  };
}

export function indexName(spec: Doc): string {
  const name = spec.get('name');
  if (typeof name !== 'string') throw new Error('an index specification has no name');
  return name;
}
