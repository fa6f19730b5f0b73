import type { Rejection } from '@switchboard/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../logger.ts';
import { createMetrics } from '../metrics.ts';
import { presentError, routes, startTestApp, type TestApp } from './http-app.fixture.ts';
import { createHttpApp } from './http-app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());
beforeEach(() => app.reset());
const call: TestApp['call'] = (...asked) => app.call(...asked);
const post: TestApp['post'] = (...asked) => app.post(...asked);
const logger = createLogger({ level: 'silent', service: 'test', nodeId: 'n' });

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

describe('faults', () => {
  it('become INTERNAL without detail, logged once without the URL’s query', async () => {
    const reply = await call('GET', '/boom/x?token=hunter3');
    expect(reply).toMatchObject({
      status: 500,
      body: { error: { code: 'INTERNAL', message: 'Internal error' } },
    });
    expect(JSON.stringify(reply.body)).not.toContain('hunter');
    expect(app.lines).toHaveLength(1);
    const line = JSON.parse(app.lines[0] ?? '');
    const requestId = reply.headers.get('x-request-id');
    expect(line).toMatchObject({ level: 'error', method: 'GET', route: '/boom/:kind', requestId });
    expect(line.err.type).toBe('TypeError');
    expect(app.lines[0]).not.toContain('hunter3');
  });

  it('of the database become a retryable 503', async () => {
    const reply = await call('GET', '/boom/mongo');
    expect(reply).toMatchObject({
      status: 503,
      body: { error: { code: 'SERVICE_UNAVAILABLE', retryable: true } },
    });
    expect(reply.headers.get('retry-after')).toBe('1');
    expect(app.lines).toHaveLength(1);
  });

  it('say when to come back', async () => {
    const reply = await call('GET', '/boom/limit');
    expect(reply.status).toBe(429);
    expect(reply.headers.get('retry-after')).toBe('2');
    expect(app.lines).toHaveLength(0);
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
    expect((await from(app.url)).status).toBe(200);
    // A proxy in front that ends TLS.
    expect((await from(app.url.replace('http:', 'https:'))).status).toBe(200);
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
    app.checks.two = () => Promise.reject(new Error('mongodb://root:hunter2@db'));
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
    app.checks.one = () => new Promise(() => undefined);
    expect((await call('GET', '/readyz')).status).toBe(503);
  });

  it('tell a load balancer that asks so that what is there may stay, and at once', async () => {
    const gateways = () => call('GET', '/readyz?unready=404');
    expect((await gateways()).status).toBe(200);
    app.checks.one = () => new Promise(() => undefined);
    const askedAt = performance.now();
    // As it was found before: this is no frozen process.
    expect((await gateways()).status).toBe(200);
    expect(performance.now() - askedAt).toBeLessThan(800);
    await expect.poll(async () => (await gateways()).status, { timeout: 5_000 }).toBe(404);
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
