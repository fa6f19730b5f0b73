import { dialectOfPath, presentRestError } from '@switchboard/dialects';
import { type DialectName, ErrorCode } from '@switchboard/protocol';
import type { z } from 'zod';
import type { Operation } from '../operation.ts';

/** In whose words a route says no. */
export function refusingDialect({ dialect, method, path }: Operation): DialectName {
  return dialect ?? dialectOfPath(method, path);
}

/** Every shape in which a vocabulary says no, as its routes declare them. */
export function refusalSchemas(dialect: DialectName, operations: readonly Operation[]): readonly z.ZodType[] {
  const declared = operations
    .filter((operation) => operation.dialect === dialect)
    .flatMap(({ replies }) => Object.entries(replies).filter(([status]) => Number(status) >= 400));
  return [...new Set(declared.map(([, schema]) => schema))];
}

/** Headers that come with a status, as the vocabulary's own presenter sets them. */
export function refusalHeaders(dialect: DialectName, status: number): readonly string[] {
  const replies = ErrorCode.options
    .map((code) => presentRestError(dialect)({ code, message: '', retryable: false }))
    .filter((reply) => reply.status === status);
  return [...new Set(replies.flatMap(({ headers }) => Object.keys(headers ?? {})))];
}
