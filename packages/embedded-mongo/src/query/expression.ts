import { evalExpr, ProcessingMode } from 'mingo/core';
import type { Doc, Value } from '../bson/value.ts';
import { asCommandError, expressionContext } from './mingo-context.ts';
import { toPlainExpression, toPlainObject } from './plain.ts';

/** An aggregation expression over a document. @throws CommandError at evaluation, for what mingo does not know */
export function compileExpression(expression: Value): (document: Doc) => unknown {
  const plain = toPlainExpression(expression);
  const options = {
    idKey: '_id',
    context: expressionContext,
    scriptEnabled: false,
    useStrictMode: true,
    failOnError: true,
    processingMode: ProcessingMode.CLONE_OFF,
  };
  return (document) => {
    try {
      return evalExpr(toPlainObject(document), plain, options);
    } catch (error) {
      throw asCommandError(error);
    }
  };
}
