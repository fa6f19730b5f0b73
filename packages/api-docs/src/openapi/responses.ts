import { STATUS_CODES } from 'node:http';
import type { z } from 'zod';
import type { JsonObject } from '../json.ts';
import type { Operation } from '../operation.ts';
import type { SchemaBook } from '../schema-book.ts';
import { refusalHeaders, refusalSchemas, refusingDialect } from './refusals.ts';

/** What a route declares, and under `default` every other way in which its vocabulary says no. */
export function responses(
  operation: Operation,
  operations: readonly Operation[],
  schemas: SchemaBook,
): JsonObject {
  const dialect = refusingDialect(operation);
  const declared = Object.entries(operation.replies).map(([status, schema]) => [
    status,
    {
      description: STATUS_CODES[status] ?? `Status ${status}`,
      ...headers(Number(status) >= 400 ? refusalHeaders(dialect, Number(status)) : []),
      ...content(schema, schemas),
    },
  ]);
  const refusals = refusalSchemas(dialect, operations).map((schema) => schemas.of(schema, 'output'));
  if (refusals.length === 0) return Object.fromEntries(declared);
  return {
    ...Object.fromEntries(declared),
    default: {
      description: `Refused for another reason, in the words of ${dialect}: 405, 413, 415, 429, 500, 503 and the like.`,
      content: { 'application/json': { schema: oneOrMore(refusals) } },
    },
  };
}

function oneOrMore(schemas: readonly JsonObject[]): JsonObject {
  const [first, ...more] = schemas;
  return first && more.length === 0 ? first : { anyOf: schemas };
}

function headers(names: readonly string[]): JsonObject {
  if (names.length === 0) return {};
  return {
    headers: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
  };
}

/** Text says by `contentMediaType` what it is; everything else is JSON. */
function content(schema: z.ZodType, schemas: SchemaBook): JsonObject {
  if (schema._zod.def.type === 'undefined') return {};
  const json = schemas.of(schema, 'output');
  const { contentMediaType = 'application/json', ...rest } = json;
  return { content: { [String(contentMediaType)]: { schema: rest } } };
}

/** Headers that refusals may carry. */
export const refusalHeaderObjects: JsonObject = {
  'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } },
  'WWW-Authenticate': { description: 'How to authenticate.', schema: { type: 'string' } },
};
