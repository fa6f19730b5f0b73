import { Parser } from '@asyncapi/parser';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { describe, expect, it } from 'vitest';
import { createApiDocs } from './create-api-docs.ts';
import type { JsonObject } from './json.ts';

const { openapi, asyncapi } = createApiDocs();

/** What Redocly's linter says under its strictest set of rules. */
async function redocly(document: JsonObject): Promise<string[]> {
  const config = await createConfig({
    extends: ['recommended-strict'],
    rules: {
      // A trailing slash makes another route here, as the documents have it.
      'no-path-trailing-slash': 'off',
      // Every refusal that is not declared stands under `default`.
      'operation-4xx-response': 'off',
      'operation-operationId-unique': 'error',
      'operation-operationId-url-safe': 'error',
      'operation-parameters-unique': 'error',
      'operation-tag-defined': 'error',
      'path-parameters-defined': 'error',
      'path-declaration-must-exist': 'error',
      'no-ambiguous-paths': 'error',
      'no-unused-components': 'error',
      'tag-description': 'error',
      'info-license': 'error',
      'info-license-strict': 'error',
    },
  });
  const source = JSON.stringify(document);
  const problems = await lintFromString({ source, absoluteRef: '/contract.json', config });
  return problems.map(
    ({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer ?? '#'}`,
  );
}

/** What AsyncAPI's own parser and its rules say. That a later version of the specification exists is no fault. */
async function asyncApiParser(document: JsonObject): Promise<string[]> {
  const problems = await new Parser().validate(JSON.stringify(document));
  return problems
    .filter(({ code }) => code !== 'asyncapi-latest-version')
    .map(({ code, message, path }) => `${String(code)}: ${message} at ${path.join('/')}`);
}

describe('openapi.json', () => {
  it('is OpenAPI 3.1', () => {
    expect(openapi.openapi).toMatch(/^3\.1\.\d+$/);
  });

  it('gives the linter nothing to say', async () => {
    expect(await redocly(openapi)).toStrictEqual([]);
  });

  it.each<[string, JsonObject, RegExp]>([
    ['an unknown field', { ...openapi, colour: 'blue' }, /^struct/],
    ['a reference to nothing', { ...openapi, components: {} }, /^no-unresolved-refs/],
    ['no servers', { ...openapi, servers: [] }, /^no-empty-servers/],
  ])('would be faulted for %s', async (_what, document, problem) => {
    expect((await redocly(document)).join('\n')).toMatch(problem);
  });
});

describe('asyncapi.json', () => {
  it('is AsyncAPI 3.0', () => {
    expect(asyncapi.asyncapi).toBe('3.0.0');
  });

  it('gives both linters nothing to say', async () => {
    expect(await asyncApiParser(asyncapi)).toStrictEqual([]);
    expect(await redocly(asyncapi)).toStrictEqual([]);
  });

  it.each<[string, JsonObject]>([
    ['no channels for its operations', { ...asyncapi, channels: {} }],
    ['a server without a protocol', { ...asyncapi, servers: { a: { host: 'x' } } }],
  ])('would be faulted for %s', async (_what, document) => {
    expect(await asyncApiParser(document)).not.toStrictEqual([]);
  });
});
