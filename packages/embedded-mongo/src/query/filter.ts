import { type Doc, isArray, isDoc, isOpaque, Type, type Value } from '../bson/value.ts';
import { badValue, failedToParse } from '../errors.ts';
import { compileExpression } from './expression.ts';
import { type Condition, conditionFor, equals, isRegex, matchesRegex } from './operators.ts';
import type { Positions, Predicate } from './path-match.ts';

export interface Filter {
  readonly matches: (document: Doc) => boolean;
  /** The matched array positions, or undefined when the document does not match. */
  readonly positions: (document: Doc) => Positions | undefined;
}

/** @throws CommandError BadValue or FailedToParse for an operator that is unknown, unsupported or misused */
export function compileFilter(query: Doc): Filter {
  const predicate = compileQuery(query);
  return {
    matches: (document) => predicate(document, undefined),
    positions: (document) => {
      const positions: Positions = new Map();
      return predicate(document, positions) ? positions : undefined;
    },
  };
}

function compileQuery(query: Doc): Predicate {
  const predicates: Predicate[] = [];
  for (const [field, value] of query) {
    if (field.startsWith('$')) {
      const predicate = topLevel(field, value);
      if (predicate !== undefined) predicates.push(predicate);
    } else {
      for (const condition of fieldConditions(value)) predicates.push(condition.field(field));
    }
  }
  const [only] = predicates;
  if (only !== undefined && predicates.length === 1) return only;
  return (document, positions) => predicates.every((predicate) => predicate(document, positions));
}

function topLevel(operator: string, value: Value): Predicate | undefined {
  switch (operator) {
    case '$and': {
      const parts = clauses(operator, value);
      return (document, positions) => parts.every((part) => part(document, positions));
    }
    case '$or': {
      const parts = clauses(operator, value);
      return (document, positions) => parts.some((part) => part(document, positions));
    }
    case '$nor': {
      const parts = clauses(operator, value);
      return (document) => !parts.some((part) => part(document, undefined));
    }
    case '$expr': {
      const evaluate = compileExpression(value);
      return (document) => isTrue(evaluate(document));
    }
    case '$comment':
      return undefined;
    case '$where':
      throw badValue('$where is not supported: server-side JavaScript is off');
    case '$text':
    case '$jsonSchema':
      throw badValue(`${operator} is not supported`);
    default:
      throw badValue(`unknown top level operator: ${operator}`);
  }
}

/** As the aggregation language has it: everything but false, null, undefined and zero. */
function isTrue(value: unknown): boolean {
  return value !== false && value !== null && value !== undefined && value !== 0;
}

function clauses(operator: string, value: Value): Predicate[] {
  if (!isArray(value)) throw badValue(`${operator} must be an array`);
  if (value.length === 0) throw badValue('$and/$or/$nor must be a nonempty array');
  return value.map((clause) => {
    if (!isDoc(clause)) throw badValue('$or/$and/$nor entries need to be full objects');
    return compileQuery(clause);
  });
}

/** Whether the value of a field in a query is made of operators rather than a literal document. */
export function isOperatorDoc(value: Value): value is Doc {
  if (!isDoc(value)) return false;
  const first = value.keys().next().value;
  return first?.startsWith('$') === true && !['$ref', '$id', '$db'].includes(first);
}

function fieldConditions(value: Value): Condition[] {
  if (isRegex(value)) return [matchesRegex(value, undefined)];
  if (isOpaque(value, Type.undefined)) throw badValue('cannot compare to undefined');
  if (!isOperatorDoc(value)) return [equals(value)];
  return operatorConditions(value);
}

/** The conditions of an operator document such as `{$gt: 1, $lt: 5}`. */
export function operatorConditions(operators: Doc): Condition[] {
  const conditions: Condition[] = [];
  for (const [operator, operand] of operators) {
    switch (operator) {
      case '$not':
        conditions.push(negation(operand));
        break;
      case '$elemMatch':
        conditions.push(elemMatch(operand));
        break;
      case '$all':
        conditions.push(all(operand));
        break;
      case '$options':
        if (!operators.has('$regex')) throw badValue('$options needs a $regex');
        break;
      default:
        conditions.push(conditionFor(operator, operand, operators));
    }
  }
  return conditions;
}

function negation(operand: Value): Condition {
  if (!isRegex(operand) && !isOperatorDoc(operand)) throw badValue('$not needs a regex or a document');
  const inner = fieldConditions(operand);
  return {
    field: (name) => {
      const predicates = inner.map((condition) => condition.field(name));
      return (document) => !predicates.every((predicate) => predicate(document, undefined));
    },
    value: (value) => !inner.every((condition) => condition.value(value, undefined)),
  };
}

function elemMatch(operand: Value): Condition {
  if (!isDoc(operand)) throw badValue('$elemMatch needs an Object');
  const matches = elementTest(operand);
  return conditionFor.whole((value, positions, name) => {
    if (!isArray(value)) return false;
    const index = value.findIndex(matches);
    if (index !== -1) positions?.set(name, index);
    return index !== -1;
  });
}

/** How $elemMatch and $pull look at one element: as a value under operators, or as a document under a query. */
export function elementTest(operand: Doc): (item: Value) => boolean {
  if (isOperatorDoc(operand) && ![...operand.keys()].some(isLogical)) {
    const conditions = operatorConditions(operand);
    return (item) => conditions.every((condition) => condition.value(item, undefined));
  }
  const { matches } = compileFilter(operand);
  return (item) => isDoc(item) && matches(item);
}

function isLogical(operator: string): boolean {
  return ['$and', '$or', '$nor', '$expr'].includes(operator);
}

function all(operand: Value): Condition {
  if (!isArray(operand)) throw badValue('$all needs an array');
  const conditions = operand.map((item) => {
    if (isDoc(item) && item.has('$elemMatch')) return elemMatch(item.get('$elemMatch') ?? null);
    if (isOperatorDoc(item)) throw badValue('no $ expressions in $all');
    return isRegex(item) ? matchesRegex(item, undefined) : equals(item);
  });
  if (conditions.length === 0) return conditionFor.whole(() => false);
  return {
    field: (name) => {
      const predicates = conditions.map((condition) => condition.field(name));
      return (document, positions) => predicates.every((predicate) => predicate(document, positions));
    },
    value: (value, positions) => conditions.every((condition) => condition.value(value, positions)),
  };
}

export function filterArgument(value: Value | undefined, name: string): Doc {
  if (value === undefined || value === null) return new Map();
  if (!isDoc(value)) throw failedToParse(`'${name}' must be an object`);
  return value;
}
