import { Context } from 'mingo/core';
import { Lazy } from 'mingo/lazy';
import * as accumulators from 'mingo/operators/accumulator';
import * as expressions from 'mingo/operators/expression';
import * as stages from 'mingo/operators/pipeline';
import * as projections from 'mingo/operators/projection';
import * as queries from 'mingo/operators/query';
import * as windows from 'mingo/operators/window';
import { isDoc } from '../bson/value.ts';
import { badValue, CommandError } from '../errors.ts';
import { compileFilter } from './filter.ts';
import { fromPlain, fromPlainObject } from './plain.ts';
import { parseSort, sortKey } from './sort.ts';

const { $accumulator: _accumulator, ...safeAccumulators } = accumulators;
const { $function: _function, ...safeExpressions } = expressions;
const { $out: _out, $merge: _merge, ...readStages } = stages;
const { $where: _where, ...safeQueries } = queries;

/** Inside a pipeline, filtering and sorting follow the same rules as outside, rather than mingo's own. */
const ownStages = {
  $match: (...[documents, query]: Parameters<typeof stages.$match>) => {
    const filter = fromPlain(query);
    if (!isDoc(filter)) throw badValue('the $match filter must be an object');
    const { matches } = compileFilter(filter);
    return documents.filter((document) => matches(fromPlainObject(document as object)));
  },
  $sort: (...[documents, spec]: Parameters<typeof stages.$sort>) => {
    const sort = parseSort(fromPlain(spec));
    if (sort.length === 0) throw badValue('$sort stage must have at least one sort key');
    return documents.transform((all) => {
      const keyed = (all as object[]).map((document) => ({
        document,
        key: sortKey(fromPlainObject(document), sort),
      }));
      return Lazy(keyed.sort((a, b) => Buffer.compare(a.key, b.key)).map(({ document }) => document));
    });
  },
};

/** Every operator of mingo except those that run code or write. */
export function mingoContext(): Context {
  return Context.init({
    accumulator: safeAccumulators,
    expression: safeExpressions,
    pipeline: { ...readStages, ...ownStages },
    projection: projections,
    query: safeQueries,
    window: windows,
  });
}

/** What mingo throws is about the request: its message says which operator or operand it could not use. */
export function asCommandError(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  return badValue(error instanceof Error ? error.message : 'the expression could not be evaluated');
}
