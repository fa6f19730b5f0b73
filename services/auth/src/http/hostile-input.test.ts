import { type RestOperation, restOperations } from '@switchboard/dialects';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuthContext } from '../context.ts';
import {
  ADMIN_PASSWORD,
  startTestAuth,
  startTestDatabase,
  type TestAuth,
  type TestDatabase,
} from '../testing/start-test-auth.ts';
import { authRoutes } from './routes.ts';

let database: TestDatabase;
let auth: TestAuth;
let user: string;
let admin: string;

beforeAll(async () => {
  database = await startTestDatabase();
  auth = await startTestAuth({ mongoUrl: database.fresh() });
  const token = async (username: string, password: string) =>
    (await auth.http.post('/auth/login', { username, password })).body.accessToken;
  user = await token('alice', 'password123');
  admin = await token('admin', ADMIN_PASSWORD);
});
afterAll(async () => {
  await auth?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

const mounted = authRoutes({} as AuthContext);
/** In words that mark the dialect: what a client of it looks for in an error. */
const errorShape: Readonly<Record<string, object>> = {
  peer: { message: expect.any(String), code: expect.any(String) },
  native: {
    error: { code: expect.any(String), message: expect.any(String), retryable: expect.any(Boolean) },
  },
  jitsi: { success: false, error: { code: expect.any(String), message: expect.any(String) } },
  expo: { error: expect.any(String), code: expect.any(String) },
  rooms: { message: expect.any(String), error: expect.anything() },
};

const operators = [
  { $gt: '' },
  { $ne: null },
  { $regex: '.*' },
  { $where: 'sleep(1000)' },
  ['alice'],
  { length: 1 },
];
const wrong = [...operators, 7, true, null, '', ' ', '\u0000', 'x'.repeat(5_000), [], {}, [[[[]]]]];
const fields = [
  'username',
  'email',
  'password',
  'refreshToken',
  'accessToken',
  'currentPassword',
  'newPassword',
  'role',
  'name',
  'invitationCode',
];

const bodies: readonly string[] = [
  ...wrong.map((value) => JSON.stringify(Object.fromEntries(fields.map((field) => [field, value])))),
  ...operators.map((value) => JSON.stringify({ username: value, password: 'password123' })),
  ...operators.map((value) => JSON.stringify({ username: 'alice', password: value })),
  ...wrong.map((value) => JSON.stringify(value)),
  '{"__proto__":{"role":"admin"},"constructor":{"prototype":{"role":"admin"}}}',
  '{"username":"alice","password":{"__proto__":{"toString":1}}}',
  `${'['.repeat(2_000)}${']'.repeat(2_000)}`,
  `${'{"a":'.repeat(500)}1${'}'.repeat(500)}`,
];

const taking = mounted.filter(({ body, path }) => body && !path.includes('/logout'));
const pathOf = (path: string) => path.replace(':id', '2');

describe('hostile bodies', () => {
  it.each(taking.map((route) => [route.method, route.path, route] as const))(
    '%s %s: a clear refusal',
    async (method, path, route) => {
      const token = route.access === 'admin' ? admin : user;
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
      for (const body of bodies) {
        const reply = await auth.http.raw(method.toUpperCase(), pathOf(path), body, headers);
        // Verifying says of junk that it is no token.
        const verifying = path === '/auth/verify';
        if (verifying && (reply.status === 200 || reply.status === 401)) continue;
        // Of a change it reads the fields it knows; a body without any changes nothing.
        if (/\/auth\/profile\/?$/.test(path) && reply.status === 200) continue;
        expect([body.slice(0, 100), reply.status]).toEqual([
          body.slice(0, 100),
          expect.toSatisfy((n) => n >= 400 && n < 500),
        ]);
        expect(reply.body).toMatchObject(errorShape[route.dialect ?? ''] ?? {});
      }
    },
  );

  it('change nothing', async () => {
    expect(({} as { role?: string }).role).toBeUndefined();
    const { body } = await auth.http.get('/admin/users', { token: admin });
    expect(body.map(({ username, role }: { username: string; role: string }) => [username, role])).toEqual([
      ['alice', 'user'],
      ['bob', 'user'],
      ['admin', 'admin'],
    ]);
    expect((await auth.http.post('/auth/login', { username: 'alice', password: 'password123' })).status).toBe(
      200,
    );
  });

  it.each([
    ['text/plain', '{}', 415],
    ['application/json', '{"a":', 400],
    ['application/json', JSON.stringify({ username: 'x'.repeat(300_000), password: 'y' }), 413],
  ])('%s %#: %s', async (type, body, status) => {
    const reply = await auth.http.raw('POST', '/auth/login', body, { 'content-type': type });
    expect(reply.status).toBe(status);
    expect(reply.body).toMatchObject({ message: expect.any(String) });
  });
});

describe('hostile addresses', () => {
  it.each(['0', '-1', '1.5', '1e3', 'NaN', '9'.repeat(40), '%00', '$ne', '__proto__', '%7B%22$gt%22:0%7D'])(
    'the user id %s',
    async (id) => {
      for (const reply of [
        await auth.http.get(`/api/v1/users/${id}`, { token: user }),
        await auth.http.post(`/admin/users/${id}/ban`, {}, { token: admin }),
        await auth.http.delete(`/admin/users/${id}`, { token: admin }),
        await auth.http.delete(`/api/v1/sessions/${id}`, { token: user }),
      ]) {
        expect(reply.status).toBeGreaterThanOrEqual(400);
        expect(reply.status).toBeLessThan(500);
      }
    },
  );

  it.each(['q[$ne]=1', 'q=a&q=b', 'q[]=a', `q=${'x'.repeat(2_000)}`, 'q=a&limit=-1', '__proto__[q]=1', ''])(
    'the query %s',
    async (query) => {
      const { status } = await auth.http.get(`/api/users/search?${query}`, { token: user });
      expect(status).toBe(400);
    },
  );

  it('an operator in a query is a name that nobody reads', async () => {
    const { status, body } = await auth.http.get('/api/users/search?q=alice&limit[$gt]=1', { token: user });
    expect([status, body]).toEqual([200, [{ _id: '1', id: '1', username: 'alice' }]]);
  });

  it.each(['x', 'a.b.c', 'null', `${'x'.repeat(6_000)}`, 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.'])(
    'the token %s',
    async (token) => {
      const replies = await Promise.all([
        auth.http.get('/api/v1/me', { token }),
        auth.http.get('/auth/verify', { token }),
        auth.http.get('/api/users', { token }),
        auth.http.post('/auth/logout', undefined, { token }),
      ]);
      expect(replies.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    },
  );

  it('unknown paths and other methods', async () => {
    expect((await auth.http.get('/auth/nothing')).status).toBe(404);
    expect((await auth.http.post('/auth/verify/', {})).status).toBe(404);
    const other = await auth.http.get('/auth/login');
    expect([other.status, other.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('the routes', () => {
  it('are every operation of accounts that the vocabularies name', () => {
    const others =
      /^\/(admin\/(?!users|invitations)|api\/(messages|(chat|call)\/history|rooms|ice-servers|auth\/expo-push-token|v1\/(?!auth|me|users|sessions|invitations)))/;
    const name = ({ method, path }: Pick<RestOperation, 'method' | 'path'>) => `${method} ${path}`;
    const named = restOperations.filter(({ path }) => !others.test(path));
    expect(mounted.map(name).toSorted()).toEqual(named.map(name).toSorted());
  });

  it('need a token unless they are for those who have none', async () => {
    for (const { method, path, access, dialect } of mounted) {
      if (access === 'anonymous') continue;
      const asked = pathOf(path);
      const reply = await (method === 'get' || method === 'delete'
        ? auth.http[method](asked)
        : auth.http.raw(method.toUpperCase(), asked, '{}', { 'content-type': 'application/json' }));
      expect([method, path, reply.status]).toEqual([method, path, 401]);
      expect(reply.body).toMatchObject(errorShape[dialect ?? ''] ?? {});
    }
  });
});
