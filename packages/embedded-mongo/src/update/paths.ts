import { type Doc, isArray, isDoc, type Value } from '../bson/value.ts';
import { badValue, CommandError } from '../errors.ts';
import { arrayIndex } from '../query/path-match.ts';

/** As MongoDB: more nulls than this are never filled in to reach an index. */
const MAX_PADDING = 1_500_000;

export function getAt(document: Doc, path: readonly string[]): Value | undefined {
  let value: Value | undefined = document;
  for (const part of path) {
    if (isDoc(value)) value = value.get(part);
    else if (isArray(value)) {
      const index = arrayIndex(part);
      value = index === undefined ? undefined : value[index];
    } else return undefined;
  }
  return value;
}

/** Sets a value, creating documents on the way. @throws CommandError PathNotViable (28) where a scalar is in the way */
export function setAt(document: Doc, path: readonly string[], value: Value): void {
  let parent: Doc | Value[] = document;
  for (const [i, part] of path.entries()) {
    if (i === path.length - 1) {
      put(parent, part, value, path);
      return;
    }
    let child: Value | undefined = isDoc(parent) ? parent.get(part) : parent[indexIn(parent, part, path)];
    if (child === undefined) {
      child = new Map();
      put(parent, part, child, path);
    }
    if (!isDoc(child) && !isArray(child)) {
      throw new CommandError(
        28,
        `Cannot create field '${path[i + 1]}' in element {${part}} of path '${path.join('.')}'`,
      );
    }
    parent = child;
  }
}

/** Removes a field; within an array it leaves null, so that the other elements keep their places. */
export function unsetAt(document: Doc, path: readonly string[]): void {
  const parent = getAt(document, path.slice(0, -1));
  const last = path.at(-1) ?? '';
  if (isDoc(parent)) parent.delete(last);
  else if (isArray(parent)) {
    const index = arrayIndex(last);
    if (index !== undefined && index < parent.length) parent[index] = null;
  }
}

function put(parent: Doc | Value[], part: string, value: Value, path: readonly string[]): void {
  if (isDoc(parent)) {
    parent.set(part, value);
    return;
  }
  const index = indexIn(parent, part, path);
  if (index - parent.length > MAX_PADDING) throw badValue(`can't backfill more than ${MAX_PADDING} elements`);
  while (parent.length < index) parent.push(null);
  parent[index] = value;
}

function indexIn(_parent: readonly Value[], part: string, path: readonly string[]): number {
  const index = arrayIndex(part);
  if (index === undefined)
    throw new CommandError(28, `Cannot create field '${part}' in an array, path '${path.join('.')}'`);
  return index;
}
