import { equalValues } from '../bson/compare.ts';
import { invert } from '../bson/key.ts';
import { type Doc, isArray, isDoc, isNumeric, Opaque, toNumber, type Value } from '../bson/value.ts';
import { badValue } from '../errors.ts';
import type { Collection } from '../store/collection.ts';
import type { IndexDefinition } from '../store/index-definition.ts';
import { type Constraints, constraintsOf } from './constraints.ts';
import {
  type Interval,
  includesNull,
  intersect,
  isPoint,
  isSubset,
  type KeyRange,
  keyRange,
  prefixRange,
  WHOLE_INDEX,
} from './interval.ts';
import type { SortField } from './sort.ts';

export interface IndexScan {
  readonly index: IndexDefinition;
  readonly ranges: readonly KeyRange[];
}

/** How to find the candidates of a query: through indexes, or through every document when `scans` is undefined. */
export interface Plan {
  readonly scans: readonly IndexScan[] | undefined;
  readonly reverse: boolean;
  /** The candidates come in the order that was asked for. */
  readonly sorted: boolean;
  /** A document may come up more than once. */
  readonly repeats: boolean;
}

export interface PlanRequest {
  readonly query: Doc;
  readonly sort: readonly SortField[];
  readonly limited: boolean;
  readonly hint?: Value | undefined;
}

interface Candidate extends Plan {
  readonly score: number;
}

/** Points of `$in` on several fields multiply; beyond this the later fields are left to the filter. */
const MAX_RANGES = 1000;

export function planQuery(collection: Collection, request: PlanRequest): Plan {
  const everything: Plan = {
    scans: undefined,
    reverse: false,
    sorted: request.sort.length === 0,
    repeats: false,
  };
  const [first] = request.sort;
  if (first?.field === '$natural') return { ...everything, reverse: first.descending, sorted: true };
  const indexes = hinted(collection, request.hint);
  if (indexes === undefined) return everything;
  const best = bestIndex(indexes, request);
  if (best !== undefined && (best.score >= 4 || request.hint !== undefined)) return best;
  return disjunction(indexes, request) ?? best ?? everything;
}

function bestIndex(indexes: readonly IndexDefinition[], request: PlanRequest): Candidate | undefined {
  const constraints = constraintsOf(request.query);
  let best: Candidate | undefined;
  for (const index of indexes) {
    const candidate = planIndex(index, constraints, request);
    if (candidate !== undefined && (best === undefined || candidate.score > best.score)) best = candidate;
  }
  return best;
}

/** `$or` uses indexes when each of its clauses can. */
function disjunction(indexes: readonly IndexDefinition[], request: PlanRequest): Plan | undefined {
  const clauses = request.query.get('$or');
  if (!isArray(clauses)) return undefined;
  const rest = new Map([...request.query].filter(([name]) => name !== '$or'));
  const scans: IndexScan[] = [];
  for (const clause of clauses) {
    if (!isDoc(clause)) return undefined;
    const query: Doc = new Map([['$and', [rest, clause]]]);
    const plan = bestIndex(indexes, { query, sort: [], limited: false });
    if (plan?.scans === undefined || plan.score < 4) return undefined;
    scans.push(...plan.scans);
  }
  return { scans, reverse: false, sorted: request.sort.length === 0, repeats: true };
}

function planIndex(
  index: IndexDefinition,
  constraints: Constraints,
  request: PlanRequest,
): Candidate | undefined {
  if (!containsAll(index, constraints, request.query)) return undefined;
  const { ranges, points, ranged } = boundsOf(index, constraints);
  const order = providedOrder(index, request.sort, ranges.length <= 1 ? points : 0, ranges.length <= 1);
  const sorted = request.sort.length === 0 || order !== undefined;
  const bounded = points > 0 || ranged;
  if (!bounded && (order === undefined || request.sort.length === 0) && request.hint === undefined)
    return undefined;
  let score = points * 10 + (ranged ? 4 : 0);
  if (index.unique && points === index.fields.length) score += 100;
  if (request.sort.length > 0 && order !== undefined) score += request.limited ? 5 : 2;
  if (!bounded) score = request.limited ? 3 : 1;
  return {
    scans: [{ index, ranges }],
    reverse: order === 'reverse',
    sorted,
    repeats: index.multikey.includes(true) || ranges.length > 1,
    score,
  };
}

/** A partial or sparse index serves a query only when every document that may match is in it. */
function containsAll(index: IndexDefinition, constraints: Constraints, query: Doc): boolean {
  if (index.partial !== undefined && !implies(constraints, query, index.partial)) return false;
  if (!index.sparse) return true;
  return index.fields.some((field) => requiresField(constraints, field.name));
}

function requiresField(constraints: Constraints, field: string): boolean {
  return (
    constraints.existing.has(field) ||
    constraints.list.some((constraint) => constraint.field === field && !includesNull(constraint.intervals))
  );
}

function implies(constraints: Constraints, query: Doc, filter: Doc): boolean {
  if (
    filter.size > 0 &&
    [...filter].every(([name, value]) => {
      const own = query.get(name);
      return own !== undefined && equalValues(own, value);
    })
  )
    return true;
  const wanted = constraintsOf(filter);
  if (!wanted.complete) return false;
  for (const field of wanted.existing) if (!requiresField(constraints, field)) return false;
  return wanted.list.every((outer) =>
    constraints.list.some(
      (inner) => inner.field === outer.field && isSubset(inner.intervals, outer.intervals),
    ),
  );
}

function boundsOf(
  index: IndexDefinition,
  constraints: Constraints,
): { ranges: readonly KeyRange[]; points: number; ranged: boolean } {
  let prefixes: Buffer[] = [Buffer.alloc(0)];
  let points = 0;
  const arrayRoots = new Set<string>();
  for (const [i, field] of index.fields.entries()) {
    const multikey = index.multikey[i] === true;
    // Two fields of one array: each may be matched by a different element, so the second bound would lose documents.
    if (multikey && arrayRoots.has(field.path[0] ?? '')) break;
    if (multikey) arrayRoots.add(field.path[0] ?? '');
    const intervals = fieldIntervals(constraints, field.name, multikey);
    if (intervals === undefined) break;
    if (!intervals.every(isPoint) || prefixes.length * intervals.length > MAX_RANGES) {
      if (prefixes.length * intervals.length > MAX_RANGES) break;
      const ranges = prefixes.flatMap((prefix) =>
        intervals.map((interval) => keyRange(prefix, interval, field.descending)),
      );
      return { ranges, points, ranged: true };
    }
    prefixes = prefixes.flatMap((prefix) =>
      intervals.map((interval) =>
        Buffer.concat([prefix, field.descending ? invert(interval.low.key) : interval.low.key]),
      ),
    );
    points++;
  }
  return { ranges: points === 0 ? [WHOLE_INDEX] : prefixes.map(prefixRange), points, ranged: false };
}

/** On an array each condition may be met by another element, so there only one of them bounds the scan. */
function fieldIntervals(
  constraints: Constraints,
  field: string,
  multikey: boolean,
): readonly Interval[] | undefined {
  const own = constraints.list
    .filter((constraint) => constraint.field === field)
    .map(({ intervals }) => intervals);
  const [first, ...others] = own;
  if (first === undefined) return undefined;
  if (multikey) return own.find((intervals) => intervals.every(isPoint)) ?? first;
  return others.reduce<readonly Interval[]>(intersect, first);
}

/**
 * Whether the index yields the documents in the order asked for, and from which end.
 * @param points how many leading fields are held at one value
 */
function providedOrder(
  index: IndexDefinition,
  sort: readonly SortField[],
  points: number,
  single: boolean,
): 'forward' | 'reverse' | undefined {
  if (!single) return undefined;
  const held = new Set(
    index.fields
      .slice(0, points)
      .filter((_, i) => index.multikey[i] !== true)
      .map(({ name }) => name),
  );
  const wanted = sort.filter(({ field }) => !held.has(field));
  let reverse: boolean | undefined;
  for (const [i, { field, descending }] of wanted.entries()) {
    const own = index.fields[points + i];
    if (own === undefined || own.name !== field || index.multikey[points + i] === true) return undefined;
    const opposite = own.descending !== descending;
    reverse ??= opposite;
    if (reverse !== opposite) return undefined;
  }
  return reverse === true ? 'reverse' : 'forward';
}

/** undefined when the hint asks for a scan of every document. */
function hinted(collection: Collection, hint: Value | undefined): readonly IndexDefinition[] | undefined {
  if (hint === undefined || (isDoc(hint) && hint.size === 0)) return collection.indexes;
  if (isDoc(hint) && hint.has('$natural')) return undefined;
  const index = collection.indexes.find((candidate) =>
    typeof hint === 'string' ? candidate.name === hint : isDoc(hint) && samePattern(candidate.key, hint),
  );
  if (index === undefined) throw badValue('hint provided does not correspond to an existing index');
  return [index];
}

function samePattern(a: Doc, b: Doc): boolean {
  const direction = (value: Value): number =>
    isNumeric(value) && !(value instanceof Opaque) ? Math.sign(toNumber(value)) : 0;
  const left = [...a];
  const right = [...b];
  return (
    left.length === right.length &&
    left.every(([name, value], i) => right[i]?.[0] === name && direction(value) === direction(right[i][1]))
  );
}
