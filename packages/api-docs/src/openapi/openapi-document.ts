import type { z } from 'zod';
import type { JsonObject } from '../json.ts';
import { type NamedSchemas, namedSchemas } from '../named-schemas.ts';
import type { Operation } from '../operation.ts';
import { createSchemaBook, type SchemaBook } from '../schema-book.ts';
import { vocabularies } from '../vocabularies.ts';
import { capitalized, operationId } from './operation-id.ts';
import { parameters } from './parameters.ts';
import { pathTemplate } from './path-template.ts';
import { refusalHeaderObjects, responses } from './responses.ts';

const OPERATORS = 'operators';

/**
 * The OpenAPI 3.1 document of these routes, made from their schemas.
 * @throws Error for a route that OpenAPI cannot describe, or two that it cannot tell apart.
 */
export function openApiDocument(operations: readonly Operation[], version: string): JsonObject {
  const schemas = createSchemaBook(
    'draft-2020-12',
    new Map([...namedSchemas(), ...sharedSchemas(operations)]),
  );
  const paths = pathItems(operations, schemas);
  return {
    openapi: '3.1.1',
    info: {
      title: 'Switchboard',
      version,
      summary: 'Chat and calls over HTTP, in the words of every vocabulary.',
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The server that this document came from.' }],
    tags: tags(operations),
    paths,
    components: {
      schemas: schemas.components(),
      headers: usedHeaders(paths),
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'The access token that every log-in answers.',
        },
      },
    },
  };
}

const DESCRIPTION = `The routes of all vocabularies on one server; a tag holds those of one.

- A trailing slash makes another path.
- A body is JSON, or a form with the same fields; at most 256 KiB.
- Fields that are not described are ignored; replies may gain fields.
- The schemas show the documented names of fields; other spellings that clients are known to send are understood, too.
- The events of the same vocabularies are in \`/asyncapi.json\`.
`;

function tags(operations: readonly Operation[]): readonly JsonObject[] {
  const described = { ...vocabularies, [OPERATORS]: 'For those who run the server, and these documents.' };
  const used = new Set(operations.map(({ dialect }) => dialect ?? OPERATORS));
  return Object.entries(described)
    .filter(([name]) => used.has(name as keyof typeof described))
    .map(([name, description]) => ({ name, description }));
}

function pathItems(operations: readonly Operation[], schemas: SchemaBook): JsonObject {
  const items = new Map<string, Record<string, unknown>>();
  const ids = new Set<string>();
  for (const operation of operations) {
    const template = pathTemplate(operation.path);
    const item = items.get(template) ?? {};
    const id = operationId(operation);
    if (item[operation.method] || ids.has(id)) throw new Error(`two operations named ${id}`);
    ids.add(id);
    item[operation.method] = operationObject(operation, operations, schemas);
    items.set(template, item);
  }
  return Object.fromEntries(items);
}

function operationObject(
  operation: Operation,
  operations: readonly Operation[],
  schemas: SchemaBook,
): JsonObject {
  const { dialect, summary, access, body } = operation;
  const listed = parameters(operation, schemas);
  return {
    operationId: operationId(operation),
    summary,
    tags: [dialect ?? OPERATORS],
    security: access === 'anonymous' ? [] : [{ bearer: access === 'admin' ? ['admin'] : [] }],
    ...(listed.length === 0 ? {} : { parameters: listed }),
    ...(body ? { requestBody: requestBody(body, schemas) } : {}),
    responses: responses(operation, operations, schemas),
  };
}

/** No body reads as an empty object. */
function requestBody(body: z.ZodType, schemas: SchemaBook): JsonObject {
  return {
    required: !body.safeParse({}).success,
    content: { 'application/json': { schema: schemas.of(body, 'input') } },
  };
}

/** Bodies that several routes share become components, named by the first; refusals by their vocabulary. */
function sharedSchemas(operations: readonly Operation[]): NamedSchemas {
  const uses = new Map<z.ZodType, string[]>();
  const use = (schema: z.ZodType, name: string) => uses.set(schema, [...(uses.get(schema) ?? []), name]);
  for (const operation of operations) {
    const id = capitalized(operationId(operation));
    if (operation.body) use(operation.body, `${id}Body`);
    for (const [status, schema] of Object.entries(operation.replies)) {
      const refusal = `${capitalized(operation.dialect ?? OPERATORS)}Error`;
      use(schema, Number(status) >= 400 ? refusal : `${id}Reply`);
    }
  }
  const names = new Set<string>();
  const shared = new Map<z.ZodType, string>();
  for (const [schema, [name = '', second]] of uses) {
    if (second === undefined || ['undefined', 'string'].includes(schema._zod.def.type)) continue;
    let free = name;
    for (let count = 2; names.has(free); count += 1) free = `${name}${count}`;
    names.add(free);
    shared.set(schema, free);
  }
  return shared;
}

function usedHeaders(paths: JsonObject): JsonObject {
  const text = JSON.stringify(paths);
  return Object.fromEntries(
    Object.entries(refusalHeaderObjects).filter(([name]) => text.includes(`#/components/headers/${name}`)),
  );
}
