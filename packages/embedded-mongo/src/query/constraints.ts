import { KeyClass } from '../bson/key.ts';
import { type Doc, isArray, isDoc, isOpaque, Type, type Value } from '../bson/value.ts';
import { isOperatorDoc } from './filter.ts';
import { classInterval, type Interval, orderingInterval, point, prefixInterval } from './interval.ts';
import { isRegex } from './operators.ts';
import { parts } from './regex.ts';

/** For one condition on a field, the intervals in which an index key of every matching document lies. */
export interface Constraint {
  readonly field: string;
  readonly intervals: readonly Interval[];
}

export interface Constraints {
  readonly list: readonly Constraint[];
  /** Whether the constraints say everything that the query says. */
  readonly complete: boolean;
  /** Fields that the query requires to exist. */
  readonly existing: ReadonlySet<string>;
}

const EXACT_TYPES: Readonly<Record<string, number>> = {
  number: KeyClass.number,
  objectId: KeyClass.objectId,
  date: KeyClass.date,
  bool: KeyClass.boolean,
  binData: KeyClass.binary,
};

/** What a query's conjunction says about single fields; disjunctions and negations are left to the filter. */
export function constraintsOf(query: Doc): Constraints {
  const collector = new Collector();
  collector.query(query, '');
  return collector;
}

class Collector implements Constraints {
  readonly list: Constraint[] = [];
  readonly existing = new Set<string>();
  complete = true;

  query(query: Doc, prefix: string): void {
    for (const [name, value] of query) {
      if (name === '$and' && isArray(value)) {
        for (const clause of value) if (isDoc(clause)) this.query(clause, prefix);
      } else if (name === '$comment') {
        // says nothing about the documents
      } else if (name.startsWith('$')) this.complete = false;
      else if (isOperatorDoc(value)) this.operators(prefix + name, value);
      else this.add(prefix + name, equality(value));
    }
  }

  private operators(field: string, operators: Doc): void {
    for (const [operator, operand] of operators) {
      switch (operator) {
        case '$eq':
          this.add(field, isRegex(operand) ? undefined : equality(operand));
          break;
        case '$in':
          this.add(field, union(operand));
          break;
        case '$all':
          if (isArray(operand))
            for (const item of operand) if (!isOperatorDoc(item)) this.add(field, equality(item));
          this.complete = false;
          break;
        case '$gt':
        case '$gte':
        case '$lt':
        case '$lte':
          this.add(field, ordering(operator, operand));
          break;
        case '$exists':
          if (operand === true) this.existing.add(field);
          else this.complete = false;
          break;
        case '$type':
          this.add(field, typed(operand));
          break;
        case '$regex':
          if (!operators.has('$options')) this.add(field, pattern(operand));
          this.complete = false;
          break;
        case '$elemMatch':
          if (isDoc(operand) && !isOperatorDoc(operand)) this.query(operand, `${field}.`);
          this.complete = false;
          break;
        default:
          this.complete = false;
      }
    }
  }

  private add(field: string, intervals: readonly Interval[] | undefined): void {
    if (intervals === undefined) this.complete = false;
    else this.list.push({ field, intervals });
  }
}

function equality(value: Value): Interval[] | undefined {
  if (isRegex(value)) return pattern(value);
  // The elements of an array are indexed, not the array.
  return isArray(value) || isOpaque(value, Type.undefined) ? undefined : [point(value)];
}

function union(operand: Value): Interval[] | undefined {
  if (!isArray(operand)) return undefined;
  const result: Interval[] = [];
  const seen = new Set<string>();
  for (const item of operand) {
    const intervals = equality(item);
    if (intervals === undefined) return undefined;
    for (const interval of intervals) {
      const identity = interval.low.key.toString('latin1');
      if (!seen.has(identity)) result.push(interval);
      seen.add(identity);
    }
  }
  return result;
}

function ordering(operator: string, operand: Value): Interval[] | undefined {
  if (operand === null) return operator.endsWith('e') ? [point(null)] : undefined;
  if (isArray(operand) || isOpaque(operand, Type.minKey) || isOpaque(operand, Type.maxKey)) return undefined;
  return [orderingInterval(operator, operand)];
}

function typed(operand: Value): Interval[] | undefined {
  const type = typeof operand === 'string' ? EXACT_TYPES[operand] : undefined;
  return type === undefined ? undefined : [classInterval(type)];
}

/** A pattern that starts with plain text selects a range of strings; a stored regex may equal it too. */
function pattern(value: Value): Interval[] | undefined {
  if (typeof value !== 'string' && !isRegex(value)) return undefined;
  const { source, flags } = parts(value);
  const match = /^\^([\w \-@:/]+)(.?)/.exec(source);
  let prefix = match?.[1] ?? '';
  // A quantifier makes the last character optional.
  if (match !== null && '?*{'.includes(match[2] ?? '') && match[2] !== '') prefix = prefix.slice(0, -1);
  const plain = prefix !== '' && !/[imx]/.test(flags) && !source.includes('|');
  return [plain ? prefixInterval(prefix) : classInterval(KeyClass.string), classInterval(KeyClass.regex)];
}
