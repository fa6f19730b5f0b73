import { type Doc, isArray, isDoc, type Value } from '../bson/value.ts';

/** Which array element matched, by the path of the array: what the positional operator `$` stands for. */
export type Positions = Map<string, number>;

/** undefined stands for a missing field. */
export type Test = (value: Value | undefined, positions: Positions | undefined) => boolean;
export type Predicate = (document: Doc, positions: Positions | undefined) => boolean;

/**
 * True when the test holds for a value that the path reaches. Arrays on the way are entered, their elements one by one and by index;
 * with `expandLeaf` an array at the end is tested element by element and then as a whole.
 */
export function pathPredicate(field: string, test: Test, expandLeaf: boolean): Predicate {
  const path = field.split('.');
  const name = path[0] ?? '';

  const some = (value: Value | undefined, at: number, positions: Positions | undefined): boolean => {
    if (at === path.length) {
      if (!expandLeaf || !isArray(value)) return test(value, positions);
      return anyElement(value, at, positions, (item) => test(item, positions)) || test(value, positions);
    }
    if (isDoc(value)) return some(value.get(path[at] ?? ''), at + 1, positions);
    if (!isArray(value)) return test(undefined, positions);
    const index = arrayIndex(path[at] ?? '');
    if (index !== undefined && index < value.length && some(value[index], at + 1, positions)) return true;
    return anyElement(value, at, positions, (item) => isDoc(item) && some(item, at, positions));
  };

  const anyElement = (
    items: readonly Value[],
    at: number,
    positions: Positions | undefined,
    holds: (item: Value) => boolean,
  ): boolean => {
    const index = items.findIndex(holds);
    if (index !== -1 && positions !== undefined) positions.set(path.slice(0, at).join('.'), index);
    return index !== -1;
  };

  return (document, positions) => some(document.get(name), 1, positions);
}

/** The array index that a path component spells, if it spells one. */
export function arrayIndex(component: string): number | undefined {
  return /^(0|[1-9]\d{0,9})$/.test(component) ? Number(component) : undefined;
}
