import { NoBody, presentRestError, restOperations } from '@switchboard/dialects';
import { DialectName, ErrorCode } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fixtures } from '../../../dialects/src/fixtures/all.ts';
import { createApiDocs } from '../create-api-docs.ts';
import { docsOperations } from '../docs-operations.ts';
import { isObject, type JsonObject } from '../json.ts';
import type { Operation } from '../operation.ts';
import { operatorOperations } from '../operators.ts';
import {
  closed,
  documentSchemas,
  onTheWire,
  pointer,
  pointersTo,
  publishedComplaints,
} from '../testing/document-schemas.ts';
import { openApiDocument } from './openapi-document.ts';
import { pathTemplate } from './path-template.ts';

const { openapi } = createApiDocs();
const schemas = documentSchemas(openapi, '2020-12');
const strict = documentSchemas(closed(openapi), '2020-12');

interface Described {
  readonly route: string;
  readonly operation: JsonObject;
}
const described: readonly Described[] = Object.entries(openapi.paths as JsonObject).flatMap(([path, item]) =>
  Object.entries(item as JsonObject).map(([method, operation]) => ({
    route: `${method} ${path}`,
    operation: operation as JsonObject,
  })),
);
const routeOf = ({ method, path }: Pick<Operation, 'method' | 'path'>) => `${method} ${pathTemplate(path)}`;
const at = ({ method, path }: Operation, ...more: readonly string[]) =>
  pointer('paths', pathTemplate(path), method, ...more);
const JSON_SCHEMA = ['content', 'application/json', 'schema'];

describe('the OpenAPI document', () => {
  it('has every route of every vocabulary, and no other', () => {
    const routes = [...restOperations, ...operatorOperations, ...Object.values<Operation>(docsOperations)];
    expect(described.map(({ route }) => route).sort()).toStrictEqual(routes.map(routeOf).sort());
  });

  it('tells paths apart by a trailing slash', () => {
    const slash = { ...operatorOperations[0], path: '/livez/' } as Operation;
    const { paths } = openApiDocument([...operatorOperations, slash], '0');
    expect(Object.keys(paths as JsonObject)).toContain('/livez/');
    expect(Object.keys(paths as JsonObject)).toContain('/livez');
  });

  it('names each operation once, in letters and digits', () => {
    const ids = described.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z][A-Za-z0-9_]+$/);
    expect(ids).toContain('expoGetApiChatHistoryByUserId');
  });

  it.each(restOperations.map((operation) => [routeOf(operation), operation] as const))(
    'says of %s what its table says',
    (route, operation) => {
      const found = described.find((entry) => entry.route === route)?.operation;
      expect(found).toMatchObject({ summary: operation.summary, tags: [operation.dialect] });
      expect(found?.security).toStrictEqual(
        { anonymous: [], user: [{ bearer: [] }], admin: [{ bearer: ['admin'] }] }[operation.access],
      );
      expect(Object.keys(found?.responses as JsonObject).sort()).toStrictEqual(
        [...Object.keys(operation.replies), 'default'].sort(),
      );
      expect(found?.requestBody === undefined).toBe(operation.body === undefined);
    },
  );

  it('describes every tag that it uses', () => {
    const tags = (openapi.tags as readonly JsonObject[]).map(({ name }) => String(name)).sort();
    const used = new Set(described.flatMap(({ operation }) => operation.tags as string[]));
    expect(tags).toStrictEqual([...used].sort());
  });

  it('holds valid JSON Schema 2020-12, every schema of it', () => {
    const all = pointersTo(['schema'], openapi);
    const named = Object.keys((openapi.components as { schemas: JsonObject }).schemas);
    expect(all.length).toBeGreaterThan(restOperations.length);
    for (const place of [...all, ...named.map((name) => pointer('components', 'schemas', name))]) {
      expect(() => schemas.complaints(place, null)).not.toThrow();
    }
  });

  it('tells what is sent from what is received where a schema differs', () => {
    const Differs = z.object({ kind: z.enum(['a', 'b']).default('a') });
    const both = ['/one', '/two'].map(
      (path): Operation => ({
        method: 'post',
        path,
        dialect: 'native',
        access: 'user',
        summary: 'Says the same.',
        body: Differs,
        replies: { 200: Differs },
      }),
    );
    const { components } = openApiDocument(both, '0') as { components: { schemas: JsonObject } };
    expect(Object.keys(components.schemas)).toStrictEqual(['NativePostOneBody', 'NativePostOneBodyInput']);
  });
});

it('takes a parameter that is not looked at for a string', () => {
  const redirect: Operation = {
    method: 'get',
    path: '/things/:id',
    dialect: 'channels',
    access: 'anonymous',
    summary: 'Leads to the path with the slash.',
    replies: { 301: NoBody },
  };
  expect(openApiDocument([redirect], '0').paths).toMatchObject({
    '/things/{id}': {
      get: { parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }] },
    },
  });
});

describe('what OpenAPI cannot say', () => {
  const sound: Operation = {
    method: 'get',
    path: '/things/:id',
    dialect: 'native',
    access: 'user',
    summary: 'A thing.',
    params: z.object({ id: z.string() }),
    replies: { 200: z.object({}) },
  };
  it.each<[string, readonly Operation[]]>([
    ['a wildcard', [{ ...sound, path: '/things/*rest' }]],
    ['an optional part', [{ ...sound, path: '/things{/:id}' }]],
    ['a parameter without a schema', [{ ...sound, params: z.object({}) }]],
    ['a parameter without a place', [{ ...sound, params: z.object({ id: z.string(), no: z.string() }) }]],
    ['two routes of one name', [sound, sound]],
    ['a date', [{ ...sound, replies: { 200: z.object({ at: z.date() }) } }]],
  ])('is refused: %s', (_what, operations) => {
    expect(() => openApiDocument([sound], '0')).not.toThrow();
    expect(() => openApiDocument(operations, '0')).toThrow();
  });
});

const golden = [...fixtures.values()].flatMap(({ rest }) => rest);

describe('the golden replies', () => {
  it.each(golden.map((fixture, index) => [`${routeOf(fixture.operation)} #${index}`, fixture] as const))(
    '%s are as described, field by field',
    (_name, { operation, status, body }) => {
      const response = described.find(({ route }) => route === routeOf(operation))?.operation.responses;
      const reply = (response as Record<string, JsonObject> | undefined)?.[status];
      expect(reply).toBeDefined();
      expect(reply?.content === undefined).toBe(body === undefined);
      if (body === undefined) return;
      const place = at(operation, 'responses', String(status), ...JSON_SCHEMA);
      expect(schemas.complaints(place, body)).toStrictEqual([]);
      expect(strict.complaints(place, body)).toStrictEqual([]);
    },
  );

  it('would not pass with a field missing', () => {
    const fixture = golden.find(({ operation }) => operation.path === '/api/v1/me');
    if (!fixture) throw new Error('no fixture');
    const place = at(fixture.operation, 'responses', '200', ...JSON_SCHEMA);
    expect(schemas.complaints(place, {})).not.toStrictEqual([]);
  });
});

describe('the golden requests', () => {
  const bodies = golden.flatMap(({ operation, request }) =>
    operation.body && request?.body ? [{ operation, sent: request.body.sent }] : [],
  );
  const published = ({ operation, sent }: (typeof bodies)[number]) =>
    publishedComplaints({ open: schemas, strict }, at(operation, 'requestBody', ...JSON_SCHEMA), sent);

  it.each(bodies.map((body, index) => [`${routeOf(body.operation)} #${index}`, body] as const))(
    '%s are as described, or in other words',
    (_name, body) => {
      const { excused, complaints } = published(body);
      if (!excused) expect(complaints).toStrictEqual([]);
    },
  );

  it('use the documented words at least once a body', () => {
    const spoken = bodies.filter((body) => published(body).fits).map(({ operation }) => operation.body);
    const silent = restOperations.filter(({ body }) => body !== undefined && !spoken.includes(body));
    expect(silent.map(routeOf)).toStrictEqual([]);
  });

  it.each(
    golden.flatMap(({ operation, request }) =>
      (['params', 'query'] as const).flatMap((part) =>
        request?.[part]
          ? [[`${part} of ${routeOf(operation)}`, operation, part, request[part].sent] as const]
          : [],
      ),
    ),
  )('%s are as described', (_name, operation, part, sent) => {
    const listed = described.find(({ route }) => route === routeOf(operation))?.operation.parameters;
    const parameters = ((listed ?? []) as readonly JsonObject[]).map((parameter, index) => ({
      parameter,
      place: at(operation, 'parameters', String(index), 'schema'),
    }));
    const values = isObject(onTheWire(sent)) ? (onTheWire(sent) as JsonObject) : {};
    for (const { parameter, place } of parameters) {
      if (parameter.in !== (part === 'params' ? 'path' : 'query')) continue;
      const value = values[String(parameter.name)];
      if (value !== undefined) expect(schemas.complaints(place, value)).toStrictEqual([]);
    }
  });
});

describe('refusals', () => {
  it.each(DialectName.options)(
    'of %s are as described on each of its routes, whatever the reason',
    (name) => {
      for (const operation of restOperations.filter(({ dialect }) => dialect === name)) {
        for (const code of ErrorCode.options) {
          const fields = { q: [{ rule: 'required', message: 'is required' }] };
          const rejection = { code, message: 'Said plainly', retryable: false, retryAfterMs: 5 };
          for (const refused of [rejection, { ...rejection, fields }]) {
            const { body } = presentRestError(name)(refused);
            const place = at(operation, 'responses', 'default', ...JSON_SCHEMA);
            expect([operation.path, code, schemas.complaints(place, onTheWire(body))]).toStrictEqual([
              operation.path,
              code,
              [],
            ]);
          }
        }
      }
    },
  );

  it('that ask to wait say so in a header', () => {
    const login = (openapi.paths as Record<string, Record<string, JsonObject>>)['/auth/login']?.post;
    expect(login?.responses).toMatchObject({ 429: { headers: { 'Retry-After': expect.anything() } } });
  });
});
