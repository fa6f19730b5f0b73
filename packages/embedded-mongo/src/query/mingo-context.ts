import { Context } from 'mingo/core';
import * as accumulators from 'mingo/operators/accumulator';
import * as expressions from 'mingo/operators/expression';
import * as projections from 'mingo/operators/projection';
import * as queries from 'mingo/operators/query';
import * as windows from 'mingo/operators/window';
import { badValue, CommandError } from '../errors.ts';

const { $accumulator: _accumulator, ...safeAccumulators } = accumulators;
const { $function: _function, ...safeExpressions } = expressions;
const { $where: _where, ...safeQueries } = queries;

/** Every operator of mingo's expressions except those that run code. */
export const expressionContext: Context = Context.init({
  accumulator: safeAccumulators,
  expression: safeExpressions,
  projection: projections,
  query: safeQueries,
  window: windows,
});

/** What mingo throws is about the request: its message says which operator or operand it could not use. */
export function asCommandError(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  return badValue(error instanceof Error ? error.message : 'the expression could not be evaluated');
}
