import { type Doc, isArray, isDoc, type Value } from '../bson/value.ts';
import { badValue, CommandError, failedToParse } from '../errors.ts';
import { compileFilter, filterArgument } from '../query/filter.ts';
import type { Positions } from '../query/path-match.ts';
import { getAt } from './paths.ts';

export type ArrayFilters = ReadonlyMap<string, (element: Value) => boolean>;

/** @throws CommandError FailedToParse */
export function compileArrayFilters(value: Value | undefined): ArrayFilters {
  const filters = new Map<string, (element: Value) => boolean>();
  if (value === undefined || value === null) return filters;
  if (!isArray(value)) throw failedToParse('arrayFilters must be an array');
  for (const item of value) {
    const query = filterArgument(item, 'arrayFilters');
    const identifiers = new Set(identifiersOf(query));
    const [identifier] = identifiers;
    if (identifier === undefined || identifiers.size > 1) {
      throw failedToParse('Error parsing array filter :: expected a single top-level field name');
    }
    if (!/^[a-z][a-zA-Z0-9]*$/.test(identifier)) {
      throw badValue(
        `Error parsing array filter :: the top-level field name must be an alphanumeric string beginning with a lowercase letter, found '${identifier}'`,
      );
    }
    if (filters.has(identifier))
      throw failedToParse(`Found multiple array filters with the same top-level field name ${identifier}`);
    const { matches } = compileFilter(query);
    filters.set(identifier, (element) => matches(new Map([[identifier, element]])));
  }
  return filters;
}

function identifiersOf(query: Doc): string[] {
  return [...query].flatMap(([name, value]) => {
    if (!name.startsWith('$')) return [name.split('.')[0] ?? ''];
    return isArray(value) ? value.flatMap((clause) => (isDoc(clause) ? identifiersOf(clause) : [])) : [];
  });
}

/**
 * The concrete paths that an update path stands for in a document: `$` is the matched element, `$[]` each one, `$[id]` those that the array
 * filter selects.
 */
export function expandPath(
  document: Doc,
  path: readonly string[],
  filters: ArrayFilters,
  positions: Positions | undefined,
): string[][] {
  let paths: string[][] = [[]];
  for (const part of path) {
    paths = paths.flatMap((prefix) => {
      if (part === '$') return [[...prefix, String(matchedIndex(prefix, positions))]];
      const filter = part === '$[]' ? () => true : identifiedFilter(part, filters, path);
      if (filter === undefined) return [[...prefix, part]];
      const items = getAt(document, prefix);
      if (items === undefined) {
        throw badValue(
          `The path '${prefix.join('.')}' must exist in the document in order to apply array updates.`,
        );
      }
      if (!isArray(items))
        throw badValue(`Cannot apply array updates to non-array element ${prefix.join('.')}`);
      return items.flatMap((item, i) => (filter(item) ? [[...prefix, String(i)]] : []));
    });
  }
  return paths;
}

export function filterIdentifier(part: string): string | undefined {
  return /^\$\[(.+)\]$/.exec(part)?.[1];
}

function identifiedFilter(
  part: string,
  filters: ArrayFilters,
  path: readonly string[],
): ((element: Value) => boolean) | undefined {
  const identifier = filterIdentifier(part);
  if (identifier === undefined) return undefined;
  const filter = filters.get(identifier);
  if (filter === undefined)
    throw badValue(`No array filter found for identifier '${identifier}' in path '${path.join('.')}'`);
  return filter;
}

function matchedIndex(prefix: readonly string[], positions: Positions | undefined): number {
  const index = positions?.get(prefix.join('.')) ?? positions?.values().next().value;
  if (index === undefined) {
    throw new CommandError(2, 'The positional operator did not find the match needed from the query.');
  }
  return index;
}
