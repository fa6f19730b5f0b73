import { request as httpRequest } from 'node:http';
import type { Rejection } from '@switchboard/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from './http-app.fixture.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());
beforeEach(() => app.reset());
const call: TestApp['call'] = (...asked) => app.call(...asked);
const post: TestApp['post'] = (...asked) => app.post(...asked);

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

  it.each(['{"name":', '{name:1}', '\u0000'])('400 for the body %j, with where it fails', async (body) => {
    const reply = await post('/users', body);
    expect(reply).toMatchObject({
      status: 400,
      body: {
        error: {
          code: 'INVALID_DATA',
          detail: 'malformed_json',
          message: expect.stringMatching(
            /^JSON parse error - Expecting [\w ]+: line 1 column \d \(char \d\)$/,
          ),
        },
      },
    });
    expect(JSON.stringify(reply.body)).not.toContain('{name');
  });

  it.each(['"text"', '7', 'null', '[]'])('400 for the body %s, which is no object', async (body) => {
    const reply = await post('/users', body);
    expect(reply).toMatchObject({ status: 400, body: { error: { code: 'INVALID_DATA' } } });
    expect(rejectionOf(reply).fields).toMatchObject({ body: [{ rule: 'invalid_type' }] });
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
      const sending = httpRequest(`${app.url}/users`, { method: 'POST', headers }, (response) => {
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

describe('two routes that share a path but for its slash', () => {
  const pair = (path: string) => `${path}?limit=3`;

  it('hand a body to the one whose shape it has', async () => {
    expect((await post(pair('/pair'), { left: 'a' })).body).toStrictEqual({ said: 'left', limit: 3 });
    expect((await post(pair('/pair'), { right: 'a' })).body).toStrictEqual({ said: 'right' });
  });

  it('refuse in the words of the body', async () => {
    const asked = async (body: unknown) => (await post('/pair', body)).body as { asked: object };
    expect((await asked({ right: 7 })).asked).toMatchObject({ path: '/pair', dialect: 'channels' });
    expect((await asked({ left: 7 })).asked).not.toHaveProperty('dialect');
    expect((await asked('{')).asked).toStrictEqual({
      method: 'POST',
      path: '/pair',
      contentType: 'application/json',
    });
  });
});
