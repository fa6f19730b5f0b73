import { type Doc, Int32, isArray, isDoc, isNumeric, Opaque, toNumber, type Value } from '../bson/value.ts';
import { badValue, CommandError } from '../errors.ts';
import { elementTest } from './filter.ts';
import type { Positions } from './path-match.ts';

export type Projection = (document: Doc, positions: Positions | undefined) => Doc;

interface Node {
  readonly children: Map<string, Node>;
  /** What happens to the whole field; undefined where only some of its children are named. */
  apply: ((value: Value, positions: Positions | undefined) => Value | undefined) | undefined;
}

/**
 * Inclusion, exclusion, `$slice`, `$elemMatch` and the positional `a.$`.
 * @returns undefined when everything is wanted
 * @throws CommandError for mixtures and for computed fields, which belong into an aggregation
 */
export function compileProjection(value: Value | undefined): Projection | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isDoc(value)) throw badValue('projection must be an object');
  if (value.size === 0) return undefined;
  const builder = new Builder();
  for (const [field, spec] of value) builder.add(field, spec);
  const { root } = builder;
  const including = builder.including();
  return (document, positions) =>
    including ? include(document, root, positions) : exclude(document, root, positions);
}

class Builder {
  readonly root: Node = newNode();
  private includes: boolean | undefined;
  private idIncluded: boolean | undefined;
  private matchesElements = false;

  add(field: string, spec: Value): void {
    if (isDoc(spec)) this.addDoc(field, spec);
    else if (field.endsWith('.$')) {
      this.mode(field, true);
      this.place(field.slice(0, -2), positional(field.slice(0, -2)));
    } else if (flag(field, spec)) {
      if (field === '_id') this.idIncluded = true;
      else this.mode(field, true);
      this.place(field, (value) => value);
    } else {
      if (field === '_id') this.idIncluded = false;
      else this.mode(field, false);
      this.place(field, () => undefined);
    }
  }

  including(): boolean {
    const includes = this.includes ?? (this.matchesElements || this.idIncluded === true);
    if (includes && this.idIncluded !== false)
      this.root.children.set('_id', { ...newNode(), apply: (value) => value });
    return includes;
  }

  private addDoc(field: string, spec: Doc): void {
    const [first] = spec;
    if (first === undefined) throw badValue('An empty sub-projection is not a valid value');
    const [operator, operand] = first;
    if (operator === '$slice') this.place(field, slice(operand));
    else if (operator === '$elemMatch') {
      if (!isDoc(operand)) throw badValue('elemMatch: Invalid argument, object required');
      this.matchesElements = true;
      const test = elementTest(operand);
      this.place(field, (value) => {
        const found = isArray(value) ? value.find(test) : undefined;
        return found === undefined ? undefined : [found];
      });
    } else if (operator.startsWith('$')) {
      throw badValue(`${operator} in a find projection is not supported; use an aggregation`);
    } else for (const [name, child] of spec) this.add(`${field}.${name}`, child);
  }

  private mode(field: string, includes: boolean): void {
    if (this.includes !== undefined && this.includes !== includes) {
      throw includes
        ? new CommandError(31253, `Cannot do inclusion on field ${field} in exclusion projection`)
        : new CommandError(31254, `Cannot do exclusion on field ${field} in inclusion projection`);
    }
    this.includes = includes;
  }

  private place(field: string, apply: NonNullable<Node['apply']>): void {
    let node = this.root;
    for (const part of field.split('.')) {
      if (part === '' || part.startsWith('$')) throw badValue(`invalid projection field ${field}`);
      if (node.apply !== undefined) throw new CommandError(31249, `Path collision at ${field}`);
      let child = node.children.get(part);
      if (child === undefined) {
        child = newNode();
        node.children.set(part, child);
      }
      node = child;
    }
    if (node.apply !== undefined || node.children.size > 0)
      throw new CommandError(31249, `Path collision at ${field}`);
    node.apply = apply;
  }
}

function newNode(): Node {
  return { children: new Map(), apply: undefined };
}

function include(document: Doc, node: Node, positions: Positions | undefined): Doc {
  const result: Doc = new Map();
  for (const [name, value] of document) {
    const child = node.children.get(name);
    if (child === undefined) continue;
    const kept =
      child.apply === undefined ? includeWithin(value, child, positions) : child.apply(value, positions);
    if (kept !== undefined) result.set(name, kept);
  }
  return result;
}

function includeWithin(value: Value, node: Node, positions: Positions | undefined): Value | undefined {
  if (isDoc(value)) return include(value, node, positions);
  if (!isArray(value)) return undefined;
  return value.map((item) => includeWithin(item, node, positions)).filter((item) => item !== undefined);
}

function exclude(document: Doc, node: Node, positions: Positions | undefined): Doc {
  const result: Doc = new Map();
  for (const [name, value] of document) {
    const child = node.children.get(name);
    if (child === undefined) result.set(name, value);
    else {
      const kept =
        child.apply === undefined ? excludeWithin(value, child, positions) : child.apply(value, positions);
      if (kept !== undefined) result.set(name, kept);
    }
  }
  return result;
}

function excludeWithin(value: Value, node: Node, positions: Positions | undefined): Value {
  if (isDoc(value)) return exclude(value, node, positions);
  return isArray(value) ? value.map((item) => excludeWithin(item, node, positions)) : value;
}

function positional(path: string): NonNullable<Node['apply']> {
  return (value, positions) => {
    const index = positions?.get(path) ?? positions?.values().next().value;
    if (index === undefined) {
      throw new CommandError(
        51246,
        "Executor error during find command: positional operator '.$' couldn't find a matching element in the array",
      );
    }
    const item = isArray(value) ? value[index] : undefined;
    return item === undefined ? value : [item];
  };
}

function slice(operand: Value | undefined): NonNullable<Node['apply']> {
  const [skip, limit] = isArray(operand) ? operand.map(sliceNumber) : [undefined, sliceNumber(operand)];
  if (limit === undefined || (isArray(operand) && (operand.length !== 2 || limit <= 0))) {
    throw badValue('$slice needs a number or [skip, a positive limit]');
  }
  return (value) => {
    if (!isArray(value)) return value;
    if (skip === undefined) return limit < 0 ? value.slice(limit) : value.slice(0, limit);
    const start = skip < 0 ? Math.max(0, value.length + skip) : skip;
    return value.slice(start, start + limit);
  };
}

function sliceNumber(value: Value | undefined): number {
  if (isNumeric(value) && !(value instanceof Opaque)) return Math.trunc(toNumber(value));
  throw badValue('$slice needs a number');
}

function flag(field: string, spec: Value): boolean {
  if (typeof spec === 'boolean') return spec;
  if (spec instanceof Int32 || typeof spec === 'number' || typeof spec === 'bigint')
    return toNumber(spec) !== 0;
  throw badValue(`computed field ${field} in a find projection is not supported; use an aggregation`);
}
