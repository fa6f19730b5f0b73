import { get, type IncomingHttpHeaders } from 'node:http';
import { presentRestErrorAt } from '@switchboard/dialects';
import {
  createHttpApp,
  createLogger,
  createMetrics,
  type HealthCheck,
  type Listening,
  listen,
} from '@switchboard/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiDocs } from './create-api-docs.ts';
import { operatorOperations } from './operators.ts';
import { documentSchemas, pointer } from './testing/document-schemas.ts';

const docs = createApiDocs();
let up = true;
const database: HealthCheck = {
  name: 'database',
  check: () => (up ? Promise.resolve() : Promise.reject(new Error('away'))),
};
const app = createHttpApp({
  routes: docs.routes,
  presentError: presentRestErrorAt,
  clientOrigins: [],
  logger: createLogger({ level: 'fatal', service: 'test', nodeId: 'test' }),
  metrics: createMetrics({ service: 'test' }),
  checks: [database],
  trustProxy: false,
});
let server: Listening;

beforeAll(async () => {
  server = await listen(app, { host: '127.0.0.1', port: 0 });
});
afterAll(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** As a browser asks: `fetch` would add headers of its own to a conditional request. */
function ask(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, fail) => {
    get(server.url + path, { headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    }).on('error', fail);
  });
}

/** Addresses that a page loads by itself. */
const loaded = (page: string) =>
  [...page.matchAll(/(?:src|<link [^>]*href)="([^"]*)"/g)].map(([, url = '']) => url);

describe('the routes of the contracts', () => {
  it.each([
    ['/openapi.json', 'application/json; charset=utf-8'],
    ['/asyncapi.json', 'application/json; charset=utf-8'],
    ['/docs', 'text/html; charset=utf-8'],
    ['/docs/events', 'text/html; charset=utf-8'],
    ['/docs/assets/swagger-ui.css', 'text/css; charset=utf-8'],
    ['/docs/assets/swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
  ])('%s is %s, for this origin alone, and asked for again costs nothing', async (path, type) => {
    const first = await ask(path);
    expect([first.status, first.headers['content-type']]).toStrictEqual([200, type]);
    expect(first.headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    const again = await ask(path, { 'If-None-Match': first.headers.etag ?? '' });
    expect([again.status, again.body]).toStrictEqual([304, '']);
    expect((await ask(path, { 'If-None-Match': '"other"' })).status).toBe(200);
  });

  it('publish what was made', async () => {
    expect(JSON.parse((await ask('/openapi.json')).body)).toStrictEqual(docs.openapi);
    expect(JSON.parse((await ask('/asyncapi.json')).body)).toStrictEqual(docs.asyncapi);
  });

  it('have no other files', async () => {
    for (const file of ['nothing.js', '..%2fpackage.json', '__proto__', 'swagger-ui-bundle.js.map']) {
      expect((await ask(`/docs/assets/${file}`)).status).toBe(404);
    }
  });

  it('lead from what people type', async () => {
    const { status, headers } = await ask('/docs/');
    expect([status, headers.location]).toStrictEqual([301, '/docs']);
  });

  it.each(['/docs', '/docs/events'])('%s loads from here alone, and what it loads is there', async (path) => {
    const { body } = await ask(path);
    const addresses = loaded(body).filter((url) => url !== 'data:,');
    expect(addresses.length).toBeGreaterThan(0);
    for (const url of addresses) {
      expect(url).toMatch(/^\/docs\/assets\/[\w.-]+\?v=[\w-]{8}$/);
      expect((await ask(url)).status).toBe(200);
    }
    // Nothing inline, which the policy would stop.
    expect(body).not.toMatch(/<style|<script>| style="| on\w+="/);
  });

  it.each(['swagger-ui.css', 'docs.css'])('%s loads nothing from elsewhere', async (file) => {
    const { body } = await ask(`/docs/assets/${file}`);
    expect(body).not.toMatch(/@import|sourceMappingURL/);
    for (const [, url = ''] of body.matchAll(/url\(\s*["']?([^)"']{1,40})/g)) expect(url).toMatch(/^data:/);
  });
});

describe('the routes for operators', () => {
  const schemas = documentSchemas(docs.openapi, '2020-12');
  const paths = ['/health', '/livez', '/metrics', '/readyz'];

  it('are those that the kit serves', () => {
    expect(operatorOperations.map(({ path }) => path).sort()).toStrictEqual(paths);
    expect(
      routesIn(app.router).filter((path) => !docs.routes.some((route) => route.path === path)),
    ).toStrictEqual(expect.arrayContaining(paths));
    const known = new Set([...paths, ...docs.routes.map(({ path }) => path)]);
    expect(routesIn(app.router).filter((path) => !known.has(path))).toStrictEqual([]);
  });

  it.each([
    ['while all is well', true],
    ['while a dependency is away', false],
  ])('answer as described %s', async (_when, well) => {
    up = well;
    for (const path of paths) {
      const { status, headers, body } = await ask(path);
      const type = String(headers['content-type']).split(';')[0] ?? '';
      const place = pointer('paths', path, 'get', 'responses', String(status), 'content', type, 'schema');
      expect(schemas.complaints(place, type === 'application/json' ? JSON.parse(body) : body)).toStrictEqual(
        [],
      );
      if (path === '/health' || path === '/readyz') expect(status).toBe(well ? 200 : 503);
    }
  });
});

/** Every path in an Express router, those of routers inside it as well. */
function routesIn(router: unknown): string[] {
  const { stack = [] } = router as { stack?: readonly { route?: { path: string }; handle?: unknown }[] };
  return stack.flatMap(({ route, handle }) => (route ? [route.path] : routesIn(handle ?? {})));
}
