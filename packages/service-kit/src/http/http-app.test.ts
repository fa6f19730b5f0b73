import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Identity,
  ok,
  type Rejection,
  reject,
  SessionId,
  SwitchboardError,
  UserId,
} from '@switchboard/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { SessionVerifier } from '../auth/session-verifier.ts';
import { createLogger } from '../logger.ts';
import { createMetrics } from '../metrics.ts';
import type { HealthCheck } from '../service.ts';
import { createHttpApp } from './http-app.ts';
import { type Listening, listen } from './listen.ts';
import { route } from './route.ts';

const STATUS: Partial<Record<Rejection['code'], number>> = {
  INVALID_DATA: 400,
  UNAUTHORIZED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  RATE_LIMITED: 429,
  SERVICE_UNAVAILABLE: 503,
};
const identity = (role: Identity['role']): Identity => ({
  id: UserId.parse('7'),
  username: 'alice',
  name: 'Alice',
  email: null,
  role,
  sessionId: SessionId.parse('018f3f4e-0000-7000-8000-000000000001'),
});
const verifier: SessionVerifier = {
  async verify(token) {
    if (token === 'user' || token === 'admin') return ok(identity(token));
    const detail = token === undefined ? 'missing_token' : 'bad_token';
    return reject('UNAUTHORIZED', 'no', { detail });
  },
};
const Body = z.object({ name: z.string().min(2), age: z.number().int().optional() });
const common = { dialect: null, summary: 'x', replies: {} } as const;

const lines: string[] = [];
const logger = createLogger({
  level: 'info',
  service: 'test',
  nodeId: 'n',
  destination: { write: (line) => void lines.push(line) },
});
let served: Listening;
let dir: string;
let checks: Record<string, HealthCheck['check']>;

const routes = [
  route({
    ...common,
    method: 'get',
    path: '/users/:id',
    access: 'anonymous',
    params: z.object({ id: z.string().regex(/^\d+$/) }),
    query: z.object({ limit: z.coerce.number().int().max(10).default(5) }),
    handle: async ({ params, query, actor }) => ({
      status: 200,
      body: { params, query, actor: actor ?? null },
    }),
  }),
  route({
    ...common,
    method: 'get',
    path: '/users/me',
    access: 'user',
    handle: async ({ actor }) => ({ status: 200, body: { me: actor.id } }),
  }),
  route({
    ...common,
    method: 'post',
    path: '/users',
    access: 'anonymous',
    body: Body,
    handle: async ({ body }) => ({ status: 201, body, headers: { Location: '/users/1' } }),
  }),
  route({
    ...common,
    method: 'post',
    path: '/echo/',
    access: 'anonymous',
    body: z.record(z.string(), z.unknown()),
    handle: async ({ body, ip, origin, url }) => ({ status: 200, body: { body, ip, origin, url } }),
  }),
  route({
    ...common,
    method: 'delete',
    path: '/admin/users/:id',
    access: 'admin',
    handle: async () => ({ status: 204 }),
  }),
  route({
    ...common,
    method: 'get',
    path: '/boom/:kind',
    access: 'anonymous',
    params: z.object({ kind: z.string() }),
    async handle({ params }) {
      if (params.kind === 'limit') {
        throw new SwitchboardError({ code: 'RATE_LIMITED', message: 'slow down', retryAfterMs: 1_200 });
      }
      if (params.kind === 'mongo') throw Object.assign(new Error('no server'), { name: 'MongoNetworkError' });
      throw new TypeError('the password is hunter2');
    },
  }),
];

const presentError = (rejection: Rejection, asked: { method: string; path: string }) => {
  if (asked.path === '/unwordable') throw new Error('no words');
  return { status: STATUS[rejection.code] ?? 500, body: { error: rejection, asked } };
};

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'web-'));
  writeFileSync(join(dir, 'index.html'), '<p>hello</p>');
  writeFileSync(join(dir, '.env'), 'JWT_SECRET=x');
  const app = createHttpApp({
    routes,
    presentError,
    verifier,
    clientOrigins: ['https://app.example'],
    logger,
    metrics: createMetrics({ service: 'test' }),
    checks: [
      { name: 'one', check: () => checks.one?.() ?? Promise.resolve() },
      { name: 'two', check: () => checks.two?.() ?? Promise.resolve() },
    ],
    trustProxy: 1,
    static: dir,
  });
  served = await listen(app, { host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await served.close();
  rmSync(dir, { recursive: true });
});
beforeEach(() => {
  lines.length = 0;
  checks = {};
});

async function call(
  method: string,
  path: string,
  options: { body?: string; headers?: Record<string, string> } = {},
) {
  const response = await fetch(`${served.url}${path}`, {
    method,
    ...(options.body === undefined ? {} : { body: options.body }),
    headers: {
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
  });
  const text = await response.text();
  let body: unknown = text;
  try {
    body = JSON.parse(text);
  } catch {
    // Not everything is JSON.
  }
  return { status: response.status, headers: response.headers, body };
}
const post = (path: string, body: unknown, headers?: Record<string, string>) =>
  call('POST', path, {
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(headers ? { headers } : {}),
  });

describe('a route', () => {
  it('gets its parsed params and query, with defaults', async () => {
    const reply = await call('GET', '/users/12?limit=3&x=1');
    expect(reply).toMatchObject({
      status: 200,
      body: { params: { id: '12' }, query: { limit: 3 }, actor: null },
    });
    expect((await call('GET', '/users/12')).body).toMatchObject({ query: { limit: 5 } });
  });

  it('gets its parsed body and answers with status and headers', async () => {
    const reply = await post('/users', { name: 'Al', age: 3, role: 'admin' });
    expect(reply).toMatchObject({ status: 201, body: { name: 'Al', age: 3 } });
    expect(reply.body).not.toHaveProperty('role');
    expect(reply.headers.get('location')).toBe('/users/1');
  });

  it('takes forms, too', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await post('/users', 'name=Al%20Bundy', headers)).toMatchObject({
      status: 201,
      body: { name: 'Al Bundy' },
    });
  });

  it('knows who asks: literal paths come before patterns', async () => {
    const headers = { authorization: 'Bearer user' };
    expect(await call('GET', '/users/me', { headers })).toMatchObject({ status: 200, body: { me: '7' } });
  });

  it('learns the client’s address and host from the trusted proxy', async () => {
    const headers = {
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'chat.example',
    };
    const reply = await post('/echo/?a=1', {}, headers);
    expect(reply.body).toMatchObject({
      ip: '203.0.113.7',
      origin: 'https://chat.example',
      url: '/echo/?a=1',
    });
  });

  it('answers nothing with 204', async () => {
    const reply = await call('DELETE', '/admin/users/1', { headers: { authorization: 'Bearer admin' } });
    expect(reply).toMatchObject({ status: 204, body: '' });
  });
});

describe('access', () => {
  it.each([
    ['GET', '/users/me', undefined, 401, 'missing_token'],
    ['GET', '/users/me', 'Bearer forged', 401, 'bad_token'],
    ['GET', '/users/me', 'Basic user', 401, 'missing_token'],
    ['DELETE', '/admin/users/1', undefined, 401, 'missing_token'],
    ['DELETE', '/admin/users/1', 'Bearer user', 403, undefined],
  ])('%s %s with %s → %s', async (method, path, authorization, status, detail) => {
    const reply = await call(method, path, { headers: authorization ? { authorization } : {} });
    expect(reply.status).toBe(status);
    expect((reply.body as { error: Rejection }).error.detail).toBe(detail);
  });

  it('needs a verifier for routes that ask for one', () => {
    const options = {
      presentError,
      clientOrigins: [],
      logger,
      metrics: createMetrics({ service: 'x' }),
      checks: [],
    };
    expect(() => createHttpApp({ ...options, routes, trustProxy: false })).toThrow('no verifier');
    const [first] = routes;
    const twice = first ? [first, first] : [];
    expect(() => createHttpApp({ ...options, routes: twice, trustProxy: false })).toThrow(
      'two routes for get /users/:id',
    );
  });
});

describe('bad input', () => {
  const rejectionOf = ({ body }: { body: unknown }) => (body as { error: Rejection }).error;

  it.each(['/nothing', '/users/1/', '/Users/1', '/echo', '/.env'])('404 for %s', async (path) => {
    const reply = await call('GET', path);
    expect(reply).toMatchObject({
      status: 404,
      body: { error: { code: 'NOT_FOUND' }, asked: { method: 'GET', path } },
    });
  });

  it('405 for a known path, with what is allowed', async () => {
    const reply = await call('PUT', '/users/me');
    expect(reply).toMatchObject({ status: 405, body: { error: { code: 'METHOD_NOT_ALLOWED' } } });
    expect(reply.headers.get('allow')).toBe('GET, HEAD');
    expect((await call('GET', '/users')).headers.get('allow')).toBe('POST');
  });

  it.each(['{"name":', '{name:1}', '"text"', '7', 'null', '\u0000'])('400 for the body %j', async (body) => {
    const reply = await post('/users', body);
    expect(reply).toMatchObject({
      status: 400,
      body: { error: { code: 'INVALID_DATA', detail: 'malformed_json' } },
    });
    expect(JSON.stringify(reply.body)).not.toContain('{name');
  });

  it.each([
    ['text/plain', 'name=Al'],
    ['multipart/form-data; boundary=x', '--x--'],
    ['', '{"name":"Al"}'],
    ['application/json; charset=utf-77', '{"name":"Al"}'],
  ])('415 for %j', async (type, body) => {
    const reply = await post('/users', body, { 'content-type': type });
    expect(reply).toMatchObject({ status: 415, body: { error: { code: 'UNSUPPORTED_MEDIA_TYPE' } } });
  });

  it('413 for what is too large, announced or found', async () => {
    const large = JSON.stringify({ name: 'x'.repeat(256 * 1024) });
    expect((await post('/users', large)).status).toBe(413);
    const status = await new Promise<number | undefined>((resolve, fail) => {
      const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
      const sending = httpRequest(`${served.url}/users`, { method: 'POST', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sending.on('error', fail);
      sending.end(large);
    });
    expect(status).toBe(413);
    expect((await post('/users', { name: 'x'.repeat(255 * 1024) })).status).toBe(201);
  });

  it('names the fields that are missing or wrong, never their values', async () => {
    const reply = await post('/users', { age: 'hunter2' });
    expect(reply.status).toBe(400);
    expect(rejectionOf(reply)).toMatchObject({
      code: 'INVALID_DATA',
      fields: { name: [{ rule: 'required' }], age: [{ rule: 'invalid_type' }] },
    });
    expect(JSON.stringify(reply.body)).not.toContain('hunter2');
    expect(Object.keys(rejectionOf(await call('POST', '/users')).fields ?? {})).toEqual(['name']);
    expect(rejectionOf(await call('GET', '/users/x')).fields).toHaveProperty('id');
    expect(rejectionOf(await call('GET', '/users/1?limit=11')).fields).toHaveProperty('limit');
    expect(rejectionOf(await call('GET', '/users/1?limit=1&limit=2')).fields).toHaveProperty('limit');
    expect(rejectionOf(await post('/users', [])).code).toBe('INVALID_DATA');
  });

  it.each([
    ['{"__proto__":{"admin":true}}'],
    ['{"a":[{"constructor":{"prototype":{}}}]}'],
    ['{"a":{"$where":"1"}}'],
    ['{"$gt":""}'],
  ])('400 for the keys of %s', async (body) => {
    const reply = await post('/echo/', body);
    expect(reply.status).toBe(400);
    expect(Object.values(rejectionOf(reply).fields ?? {}).flat()[0]?.rule).toBe('forbidden_key');
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });

  it('400 for a body nested too deeply, however deep', async () => {
    const nest = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    expect((await post('/echo/', nest(12))).status).toBe(200);
    expect(rejectionOf(await post('/echo/', nest(13))).fields).toEqual({
      body: [expect.objectContaining({ rule: 'too_deep' })],
    });
    expect((await post('/echo/', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)).status).toBe(400);
  });

  it('400 for a path that is no UTF-8', async () => {
    expect((await call('GET', '/users/%E0%A4%A')).status).toBe(400);
  });
});

describe('faults', () => {
  it('become INTERNAL without detail, logged once without the URL’s query', async () => {
    const reply = await call('GET', '/boom/x?token=hunter3');
    expect(reply).toMatchObject({
      status: 500,
      body: { error: { code: 'INTERNAL', message: 'Internal error' } },
    });
    expect(JSON.stringify(reply.body)).not.toContain('hunter');
    expect(lines).toHaveLength(1);
    const line = JSON.parse(lines[0] ?? '');
    const requestId = reply.headers.get('x-request-id');
    expect(line).toMatchObject({ level: 'error', method: 'GET', route: '/boom/:kind', requestId });
    expect(line.err.type).toBe('TypeError');
    expect(lines[0]).not.toContain('hunter3');
  });

  it('of the database become a retryable 503', async () => {
    const reply = await call('GET', '/boom/mongo');
    expect(reply).toMatchObject({
      status: 503,
      body: { error: { code: 'SERVICE_UNAVAILABLE', retryable: true } },
    });
    expect(reply.headers.get('retry-after')).toBe('1');
    expect(lines).toHaveLength(1);
  });

  it('say when to come back', async () => {
    const reply = await call('GET', '/boom/limit');
    expect(reply.status).toBe(429);
    expect(reply.headers.get('retry-after')).toBe('2');
    expect(lines).toHaveLength(0);
  });

  it('of the wording itself still get a reply', async () => {
    expect(await call('GET', '/unwordable')).toMatchObject({ status: 500, body: { code: 'INTERNAL' } });
  });
});

describe('origins', () => {
  const from = (origin: string) => call('GET', '/users/1', { headers: { origin } });

  it('lets trusted pages, our own and apps without an origin in', async () => {
    const trusted = await from('https://app.example');
    expect(trusted.status).toBe(200);
    expect(trusted.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect((await from(served.url)).status).toBe(200);
    expect((await call('GET', '/users/1')).status).toBe(200);
  });

  it.each(['https://evil.example', 'https://app.example.evil', 'http://app.example', 'null'])(
    'refuses %s',
    async (origin) => {
      const reply = await from(origin);
      expect(reply).toMatchObject({
        status: 403,
        body: { error: { code: 'PERMISSION_DENIED', detail: 'foreign_origin' } },
      });
      expect(reply.headers.get('access-control-allow-origin')).toBeNull();
    },
  );

  it('answers preflights of trusted pages only', async () => {
    const preflight = (origin: string) =>
      call('OPTIONS', '/users', { headers: { origin, 'access-control-request-method': 'POST' } });
    const reply = await preflight('https://app.example');
    expect(reply.status).toBe(204);
    expect(reply.headers.get('access-control-allow-methods')).toContain('POST');
    expect((await preflight('https://evil.example')).status).toBe(403);
  });
});

describe('operators’ routes', () => {
  it('say alive, ready, healthy', async () => {
    expect(await call('GET', '/livez')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await call('GET', '/readyz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    const health = await call('GET', '/health');
    expect(health).toMatchObject({ status: 200, body: { status: 'ok', checks: { one: { status: 'ok' } } } });
  });

  it('say which check fails and not why', async () => {
    checks.two = () => Promise.reject(new Error('mongodb://root:hunter2@db'));
    expect((await call('GET', '/livez')).status).toBe(200);
    expect((await call('GET', '/readyz')).status).toBe(503);
    const health = await call('GET', '/health');
    expect(health).toMatchObject({
      status: 503,
      body: { status: 'degraded', checks: { one: { status: 'ok' }, two: { status: 'unavailable' } } },
    });
    expect(JSON.stringify(health.body)).not.toContain('hunter2');
  });

  it('take a check for failed that hangs', async () => {
    checks.one = () => new Promise(() => undefined);
    expect((await call('GET', '/readyz')).status).toBe(503);
  });

  it('measure by route, not by path', async () => {
    await call('GET', '/users/4711');
    await call('GET', '/nothing');
    const { body } = await call('GET', '/metrics');
    const counts = String(body)
      .match(/^http_request_duration_seconds_count.*$/gm)
      ?.join();
    expect(counts).toContain('method="GET",route="/users/:id",status="200"');
    expect(counts).toContain('route="none",status="404"');
    expect(counts).not.toContain('4711');
  });
});

describe('headers and files', () => {
  it('carry a request id, the proxy’s if it is harmless', async () => {
    const withId = (id: string) => call('GET', '/livez', { headers: { 'x-request-id': id } });
    expect((await withId('abc-1')).headers.get('x-request-id')).toBe('abc-1');
    expect((await withId('a b"c')).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('protect pages and name no framework', async () => {
    const { headers } = await call('GET', '/users/1');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(headers.get('content-security-policy')).not.toContain('upgrade-insecure-requests');
  });

  it('serve the web client, and nothing hidden or beside it', async () => {
    expect(await call('GET', '/')).toMatchObject({ status: 200, body: '<p>hello</p>' });
    expect((await call('GET', '/.env')).status).toBe(404);
    expect((await call('GET', '/..%2f..%2fetc%2fpasswd')).status).toBeGreaterThanOrEqual(400);
  });
});

describe('listen', () => {
  it('names the remedy for a taken port', async () => {
    const { port } = new URL(served.url);
    await expect(listen(() => undefined, { host: '127.0.0.1', port: Number(port) })).rejects.toThrow(
      'set PORT',
    );
  });

  it('lets a request in hand finish and takes no new one', async () => {
    let finish: () => void = () => undefined;
    let arrive: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const other = await listen(
      (_request, response) => {
        finish = () => response.end('done');
        arrive();
      },
      { host: '127.0.0.1', port: 0 },
    );
    const reply = fetch(other.url).then((response) => response.text());
    await arrived;
    const closing = other.close();
    await expect(fetch(other.url)).rejects.toThrow();
    finish();
    expect(await reply).toBe('done');
    await closing;
  });

  it('cuts what does not finish', async () => {
    const arrived = { yes: (): void => undefined };
    const inHand = new Promise<void>((resolve) => {
      arrived.yes = resolve;
    });
    const other = await listen(() => arrived.yes(), { host: '127.0.0.1', port: 0 });
    const reply = fetch(other.url).then(
      () => 'answered',
      () => 'cut',
    );
    await inHand;
    await other.close(20);
    expect(await reply).toBe('cut');
  });

  it('shows the server before anybody can connect', async () => {
    let listening: boolean | undefined;
    const other = await listen(() => undefined, {
      host: '127.0.0.1',
      port: 0,
      attach: (server) => {
        listening = server.listening;
      },
    });
    expect(listening).toBe(false);
    await other.close();
  });
});
