import { type Doc, isArray, isDoc, type Value } from '../bson/value.ts';
import { badValue, CommandError, failedToParse } from '../errors.ts';
import type { Positions } from '../query/path-match.ts';
import { type ArrayFilters, compileArrayFilters, expandPath, filterIdentifier } from './array-filters.ts';
import { type FieldOperator, fieldOperator, type Moment } from './field-operators.ts';
import { getAt, setAt, unsetAt } from './paths.ts';
import { compilePipelineUpdate } from './pipeline.ts';

export interface UpdateContext extends Moment {
  readonly positions: Positions | undefined;
}

export interface Update {
  readonly kind: 'replacement' | 'operators' | 'pipeline';
  /** The document after the update. It may be the same object, changed; the caller keeps the bytes from before. */
  readonly apply: (document: Doc, context: UpdateContext) => Doc;
}

interface Change {
  readonly path: readonly string[];
  readonly run: (document: Doc, context: UpdateContext) => void;
}

/** @throws CommandError FailedToParse, BadValue, ConflictingUpdateOperators */
export function compileUpdate(update: Value | undefined, arrayFilters: Value | undefined): Update {
  if (isArray(update)) return { kind: 'pipeline', apply: compilePipelineUpdate(update) };
  if (!isDoc(update)) throw failedToParse('the update must be a document or a pipeline');
  const first = update.keys().next().value;
  if (first === undefined || !first.startsWith('$'))
    return { kind: 'replacement', apply: replacement(update) };
  return { kind: 'operators', apply: operators(update, compileArrayFilters(arrayFilters)) };
}

function replacement(update: Doc): Update['apply'] {
  for (const name of update.keys()) {
    if (name.startsWith('$'))
      throw new CommandError(
        52,
        `The dollar ($) prefixed field '${name}' is not allowed in a replacement document`,
      );
  }
  return (document) => {
    const id = update.get('_id') ?? document.get('_id');
    const result: Doc = id === undefined ? new Map() : new Map([['_id', id]]);
    for (const [name, value] of update) if (name !== '_id') result.set(name, value);
    return result;
  };
}

function operators(update: Doc, filters: ArrayFilters): Update['apply'] {
  const changes: Change[] = [];
  for (const [operator, fields] of update) {
    if (!operator.startsWith('$')) {
      throw failedToParse(
        `Unknown modifier: ${operator}. Expected a valid update modifier or pipeline-style update specified as an array`,
      );
    }
    if (!isDoc(fields))
      throw failedToParse(`Modifiers operate on fields but we found another type for ${operator}`);
    if (fields.size === 0) fieldOperatorName(operator);
    for (const [field, operand] of fields) changes.push(...changesFor(operator, field, operand, filters));
  }
  refuseConflicts(changes);
  refuseUnusedFilters(changes, filters);
  changes.sort((a, b) => comparePaths(a.path, b.path));
  return (document, context) => {
    for (const change of changes) change.run(document, context);
    return document;
  };
}

function fieldOperatorName(operator: string): void {
  if (operator !== '$unset' && operator !== '$rename') fieldOperator(operator, true);
}

function changesFor(operator: string, field: string, operand: Value, filters: ArrayFilters): Change[] {
  const path = parsePath(field);
  if (operator === '$rename') return renames(path, operand);
  const apply: FieldOperator | undefined =
    operator === '$unset' ? undefined : fieldOperator(operator, operand);
  return [
    {
      path,
      run: (document, context) => {
        // An upsert's $setOnInsert must not trip over array paths when there is nothing to insert.
        if (operator === '$setOnInsert' && !context.inserting) return;
        for (const concrete of expandPath(document, path, filters, context.positions)) {
          if (apply === undefined) unsetAt(document, concrete);
          else {
            const value = apply(getAt(document, concrete), context);
            if (value !== undefined) setAt(document, concrete, value);
          }
        }
      },
    },
  ];
}

function renames(from: readonly string[], operand: Value): Change[] {
  if (typeof operand !== 'string') throw badValue('The to field for $rename must be a string');
  const to = parsePath(operand);
  if ([...from, ...to].some((part) => part.startsWith('$')))
    throw badValue('$rename takes no positional paths');
  if (from.join('.') === to.join('.'))
    throw badValue(`The source and target field for $rename must differ: ${operand}`);
  const run: Change['run'] = (document) => {
    const value = getAt(document, from);
    if (value === undefined) return;
    if (crossesArray(document, from) || crossesArray(document, to))
      throw badValue('$rename cannot cross an array');
    unsetAt(document, from);
    unsetAt(document, to);
    setAt(document, to, value);
  };
  return [
    { path: from, run },
    { path: to, run: () => undefined },
  ];
}

function crossesArray(document: Doc, path: readonly string[]): boolean {
  return path.some((_, i) => i < path.length - 1 && isArray(getAt(document, path.slice(0, i + 1))));
}

function parsePath(field: string): readonly string[] {
  const path = field.split('.');
  for (const [i, part] of path.entries()) {
    if (part === '')
      throw new CommandError(
        56,
        `The update path '${field}' contains an empty field name, which is not allowed.`,
      );
    const positional = part === '$' || part === '$[]' || filterIdentifier(part) !== undefined;
    if (positional && i === 0)
      throw badValue(`Cannot have positional (i.e. '$') element in the first position in path '${field}'`);
    if (part.startsWith('$') && !positional) {
      throw new CommandError(
        52,
        `The dollar ($) prefixed field '${part}' in '${field}' is not valid for storage.`,
      );
    }
  }
  return path;
}

function refuseConflicts(changes: readonly Change[]): void {
  const paths = changes.map(({ path }) => `${path.join('.')}.`).sort();
  for (const [i, path] of paths.entries()) {
    if (i > 0 && paths.slice(0, i).some((earlier) => path.startsWith(earlier))) {
      throw new CommandError(
        40,
        `Updating the path '${path.slice(0, -1)}' would create a conflict at '${path.slice(0, -1)}'`,
      );
    }
  }
}

function refuseUnusedFilters(changes: readonly Change[], filters: ArrayFilters): void {
  const used = new Set(changes.flatMap(({ path }) => path.map(filterIdentifier)));
  for (const identifier of filters.keys()) {
    if (!used.has(identifier))
      throw failedToParse(`The array filter for identifier '${identifier}' was not used in the update`);
  }
}

/** New fields are added in this order: by name, array indexes by number. */
function comparePaths(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x, y] = [a[i] ?? '', b[i] ?? ''];
    if (x === y) continue;
    const numeric = /^\d+$/.test(x) && /^\d+$/.test(y) ? Number(x) - Number(y) : 0;
    if (numeric !== 0) return numeric;
    return x < y ? -1 : 1;
  }
  return a.length - b.length;
}
