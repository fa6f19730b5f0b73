import type { z } from 'zod';
import { isObject, type JsonObject } from '../json.ts';
import type { Operation } from '../operation.ts';
import type { SchemaBook } from '../schema-book.ts';
import { pathParameters } from './path-template.ts';

/** @throws Error when path and schema disagree about the parameters. */
export function parameters(operation: Operation, schemas: SchemaBook): readonly JsonObject[] {
  const { path, params, query } = operation;
  // A route that does not look at its parameters need not say what they are: parts of a path are strings.
  const inPath = params ? fields(params, schemas) : pathParameters(path).map(anyString);
  const names = [...pathParameters(path)].sort().join();
  const described = inPath
    .map(({ name }) => name)
    .sort()
    .join();
  if (names !== described) throw new Error(`${path} has the parameters ${names}, its schema ${described}`);
  return [
    ...inPath.map(({ name, schema }) => ({ name, in: 'path', required: true, schema })),
    ...(query ? fields(query, schemas) : []).map(({ name, required, schema }) => ({
      name,
      in: 'query',
      required,
      schema,
    })),
  ];
}

interface Field {
  readonly name: string;
  readonly required: boolean;
  readonly schema: unknown;
}

function anyString(name: string): Field {
  return { name, required: true, schema: { type: 'string' } };
}

function fields(schema: z.ZodType, schemas: SchemaBook): readonly Field[] {
  const { properties, required } = schemas.of(schema, 'input');
  if (!isObject(properties)) throw new Error('parameters are described by an object with properties');
  return Object.entries(properties).map(([name, json]) => ({
    name,
    required: Array.isArray(required) && required.includes(name),
    schema: json,
  }));
}
