import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserDoc } from '../store/users.ts';
import {
  ADMIN_PASSWORD,
  startTestAuth,
  startTestDatabase,
  type TestAuth,
  type TestDatabase,
} from '../testing/start-test-auth.ts';

let database: TestDatabase;
let auth: TestAuth;

beforeAll(async () => {
  database = await startTestDatabase();
  auth = await startTestAuth({ mongoUrl: database.fresh(), env: { TRUST_PROXY: 'true' } });
});
afterAll(async () => {
  await auth?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

const logIn = async (identifier: string, password: string) => {
  const { status, body } = await auth.http.post('/api/v1/auth/login', { username: identifier, password });
  expect(status).toBe(200);
  return body as { accessToken: string; refreshToken: string; user: { id: string } };
};
const newUser = async (username: string, more: Record<string, unknown> = {}) => {
  const { status, body } = await auth.http.post('/api/v1/auth/register', {
    username,
    password: 'password-1',
    ...more,
  });
  expect([status, body]).toEqual([201, expect.anything()]);
  return body as { accessToken: string; refreshToken: string; user: { id: string } };
};

describe('registering', () => {
  it('signs in, and the token is good', async () => {
    const { accessToken, user } = await newUser('Carol', { email: 'Carol@Example.com', name: 'Carol C.' });
    expect(user).toEqual({
      id: expect.stringMatching(/^\d+$/),
      username: 'Carol',
      name: 'Carol C.',
      email: 'carol@example.com',
      role: 'user',
    });
    expect((await auth.http.get('/api/v1/auth/verify', { token: accessToken })).body.user).toEqual(user);
  });

  it('replies to peer in its shape', async () => {
    const { status, body } = await auth.http.post('/auth/register', {
      username: 'peer-user',
      password: 'secret-1',
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      message: expect.any(String),
      accessToken: expect.any(String),
      user: { username: 'peer-user' },
    });
  });

  it('takes a username once, whatever its case', async () => {
    await newUser('Dave');
    const again = await auth.http.post('/auth/register', { username: 'dAVE', password: 'secret-1' });
    expect([again.status, again.body.code]).toEqual([409, 'CONFLICT']);
  });

  it('takes an e-mail address once, whatever its case', async () => {
    await newUser('erin', { email: 'erin@example.com' });
    const again = await auth.http.post('/api/v1/auth/register', {
      username: 'erin2',
      password: 'password-1',
      email: 'ERIN@example.com',
    });
    expect([again.status, again.body.error.detail]).toEqual([409, 'email_taken']);
  });

  it('lets one of fifty racers have a username', async () => {
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        auth.http.post(
          '/auth/register',
          { username: n % 2 ? 'racer' : 'RACER', password: 'secret-1' },
          { headers: { 'x-forwarded-for': `10.0.0.${n}` } },
        ),
      ),
    );
    expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      201,
      ...Array<number>(49).fill(409),
    ]);
  });

  it.each(['', ' ', 'a b', 'a@b', 'naïve', 'x'.repeat(65), 'a/b', 'nul\u0000'])(
    'refuses the username %j',
    async (username) => {
      const { status, body } = await auth.http.post('/auth/register', { username, password: 'secret-1' });
      expect([status, body.code]).toEqual([400, 'INVALID_DATA']);
      expect(body.errors[0].path).toBe('username');
    },
  );

  it('is refused when closed, and without an invitation when invited only', async () => {
    await using closed = await startTestAuth({ mongoUrl: database.fresh(), env: { REGISTRATION: 'closed' } });
    await using invited = await startTestAuth({
      mongoUrl: database.fresh(),
      env: { REGISTRATION: 'invite' },
    });
    const body = { username: 'frank', password: 'password-1' };
    const details = await Promise.all(
      [closed, invited].map(
        async ({ http }) => (await http.post('/api/v1/auth/register', body)).body.error.detail,
      ),
    );
    expect(details).toEqual(['registration_closed', 'invitation_required']);
  });
});

describe('logging in', () => {
  it.each([
    ['/auth/login', { username: 'alice' }],
    ['/auth/login', { username: 'ALICE@example.com' }],
    ['/api/auth/login', { email: 'alice@example.com' }],
    ['/api/auth/login', { username: 'Alice' }],
    ['/api/login', { username: 'alice' }],
    ['/api/login', { email: 'alice@example.com' }],
    ['/api/v1/auth/login', { username: 'alice@example.com' }],
  ])('%s takes %j', async (path, identifier) => {
    const { status, body } = await auth.http.post(path, { ...identifier, password: 'password123' });
    expect(status).toBe(200);
    expect(body.user.id).toBe('1');
    const verified = await auth.http.post('/auth/verify', { accessToken: body.accessToken });
    expect(verified.body).toEqual({ valid: true, user: { userId: '1', id: '1', username: 'alice' } });
  });

  it('gives the shared reply every name that its clients look for, under data as well', async () => {
    const { body } = await auth.http.post('/api/login', {
      email: 'alice@example.com',
      password: 'password123',
    });
    const { data, ...top } = body;
    expect(data).toEqual(top);
    expect(top).toMatchObject({
      message: expect.any(String),
      token: top.accessToken,
      refreshToken: expect.any(String),
      user: { id: '1', _id: '1', username: 'alice', email: 'alice@example.com', name: 'Alice Johnson' },
    });
  });

  it('says the same of an unknown user and of a wrong password', async () => {
    const [unknown, wrong] = await Promise.all(
      ['nobody-here', 'alice'].map((username) =>
        auth.http.post('/auth/login', { username, password: 'nope-nope' }),
      ),
    );
    expect(unknown?.status).toBe(401);
    expect([unknown?.status, unknown?.body]).toEqual([wrong?.status, wrong?.body]);
  });

  it('counts every byte of a password, beyond 72 and after a NUL', async () => {
    const long = 'x'.repeat(100);
    await newUser('longpass', { password: `${long}1` });
    await newUser('nulpass', { password: 'before\u0000after' });
    const tries = [
      ['longpass', `${long}1`],
      ['longpass', `${long}2`],
      ['nulpass', 'before\u0000after'],
      ['nulpass', 'before\u0000other'],
    ].map(([username, password]) => auth.http.post('/auth/login', { username, password }));
    expect((await Promise.all(tries)).map(({ status }) => status)).toEqual([200, 401, 200, 401]);
  });

  it('brings hashes to the work factor in force', async () => {
    const mongoUrl = database.fresh();
    {
      await using before = await startTestAuth({ mongoUrl });
      expect(before.seeded.demo).toHaveLength(2);
    }
    await using after = await startTestAuth({ mongoUrl, env: { BCRYPT_COST: '5' } });
    const hash = async () => {
      const user = await after.mongo.connection.collection('users').findOne({ usernameKey: 'alice' });
      return String(user?.passwordHash).slice(0, 7);
    };
    expect(await hash()).toBe('$2b$04$');
    for (const _ of [1, 2]) {
      const { status } = await after.http.post('/auth/login', { username: 'alice', password: 'password123' });
      expect([status, await hash()]).toEqual([200, '$2b$05$']);
    }
  });
});

describe('one’s own account', () => {
  it('is shown, changed and its address taken away', async () => {
    const { accessToken: token } = await newUser('gina', { email: 'gina@example.com' });
    const changed = await auth.http.patch(
      '/api/v1/me',
      { name: 'Gina G.', email: 'G@Example.com' },
      { token },
    );
    expect(changed.body.user).toMatchObject({ name: 'Gina G.', email: 'g@example.com' });
    expect((await auth.http.patch('/api/v1/me', { email: null }, { token })).body.user.email).toBeNull();
    expect((await auth.http.get('/api/v1/me', { token })).body.user).toMatchObject({
      name: 'Gina G.',
      email: null,
    });
  });

  it('cannot take another’s e-mail address', async () => {
    const { accessToken: token } = await newUser('hank');
    const { status } = await auth.http.patch('/api/v1/me', { email: 'alice@example.com' }, { token });
    expect(status).toBe(409);
  });

  it('is deleted to a tombstone that frees name and address', async () => {
    const {
      accessToken: token,
      refreshToken,
      user,
    } = await newUser('ivan', { email: 'ivan@example.com', name: 'Ivan I.' });
    expect((await auth.http.delete('/api/v1/me', { token })).status).toBe(204);
    const verified = await auth.http.get('/api/v1/auth/verify', { token });
    expect([verified.status, verified.body.error.detail]).toEqual([401, 'user_deleted']);
    expect((await auth.http.post('/auth/refresh', { refreshToken })).status).toBe(401);
    expect((await auth.http.post('/auth/login', { username: 'ivan', password: 'password-1' })).status).toBe(
      401,
    );
    const users = auth.mongo.connection.collection<UserDoc>('users');
    const tombstone = await users.findOne({ _id: Number(user.id) }, { projection: { outbox: 0 } });
    expect(Object.keys(tombstone ?? {}).toSorted()).toEqual([
      '_id',
      'createdAt',
      'epoch',
      'role',
      'status',
      'version',
    ]);
    const { user: next } = await newUser('ivan', { email: 'ivan@example.com' });
    expect(Number(next.id)).toBeGreaterThan(Number(user.id));
  });
});

describe('changing the password', () => {
  it('ends the other sessions and keeps this one', async () => {
    const first = await newUser('judy');
    const second = await logIn('judy', 'password-1');
    const { status, body } = await auth.http.post(
      '/api/v1/auth/password',
      { currentPassword: 'password-1', newPassword: 'password-2' },
      { token: second.accessToken },
    );
    expect(status).toBe(200);
    const verdicts = await Promise.all(
      [first, second, body].map(
        async ({ accessToken }) => (await auth.http.get('/auth/verify', { token: accessToken })).status,
      ),
    );
    expect(verdicts).toEqual([401, 200, 200]);
    const refreshed = await Promise.all(
      [first, second, body].map(
        async ({ refreshToken }) => (await auth.http.post('/auth/refresh', { refreshToken })).status,
      ),
    );
    expect(refreshed).toEqual([401, 401, 200]);
    expect((await auth.http.post('/auth/login', { username: 'judy', password: 'password-1' })).status).toBe(
      401,
    );
    await logIn('judy', 'password-2');
  });

  it('keeps the asking session over several changes, and only that', async () => {
    const own = await newUser('kate');
    let password = 'password-1';
    for (const newPassword of ['password-2', 'password-3', 'password-4']) {
      const other = await logIn('kate', password);
      const reply = await auth.http.post(
        '/api/v1/auth/password',
        { currentPassword: password, newPassword },
        { token: own.accessToken },
      );
      expect(reply.status).toBe(200);
      expect((await auth.http.get('/auth/verify', { token: other.accessToken })).status).toBe(401);
      expect((await auth.http.get('/auth/verify', { token: own.accessToken })).status).toBe(200);
      password = newPassword;
    }
  });

  it('needs the current one', async () => {
    const { accessToken: token } = await newUser('leo');
    const body = { currentPassword: 'not-it', newPassword: 'password-2' };
    const { status, body: reply } = await auth.http.post('/api/v1/auth/password', body, { token });
    expect([status, reply.error.detail]).toEqual([403, 'wrong_password']);
    await logIn('leo', 'password-1');
  });
});

describe('administrators', () => {
  const admin = async () => (await logIn('admin', ADMIN_PASSWORD)).accessToken;

  it.each([
    ['get', '/admin/users'],
    ['get', '/admin/invitations'],
    ['get', '/admin/invitations/'],
    ['post', '/admin/invitations/generate'],
    ['post', '/admin/users/1/ban'],
    ['post', '/admin/users/1/unban'],
    ['delete', '/admin/users/1'],
    ['patch', '/admin/users/1'],
    ['get', '/api/v1/invitations'],
    ['post', '/api/v1/invitations'],
  ] as const)('alone may %s %s', async (method, path) => {
    const { accessToken: token } = await logIn('alice', 'password123');
    const call = {
      get: () => auth.http.get(path, { token }),
      post: () => auth.http.post(path, {}, { token }),
      patch: () => auth.http.patch(path, { role: 'admin' }, { token }),
      delete: () => auth.http.delete(path, { token }),
    };
    const reply = await call[method]();
    expect(reply.status).toBe(403);
  });

  it('ban: no log-in, no token, no refresh; unban: log-in again', async () => {
    const token = await admin();
    const { accessToken, refreshToken, user } = await newUser('mallory');
    expect((await auth.http.post(`/admin/users/${user.id}/ban`, {}, { token })).body.user.status).toBe(
      'banned',
    );
    const login = await auth.http.post('/auth/login', { username: 'mallory', password: 'password-1' });
    expect(login.status).toBe(403);
    const verified = await auth.http.get('/api/v1/me', { token: accessToken });
    expect([verified.status, verified.body.error.detail]).toEqual([401, 'user_banned']);
    expect((await auth.http.post('/auth/refresh', { refreshToken })).status).toBe(401);
    expect((await auth.http.post(`/admin/users/${user.id}/unban`, {}, { token })).status).toBe(200);
    await logIn('mallory', 'password-1');
    expect((await auth.http.get('/auth/verify', { token: accessToken })).status).toBe(401);
  });

  it('a wrong password of a banned user is a wrong password', async () => {
    const token = await admin();
    const { user } = await newUser('nick');
    await auth.http.post(`/admin/users/${user.id}/ban`, {}, { token });
    expect((await auth.http.post('/auth/login', { username: 'nick', password: 'wrong-1' })).status).toBe(401);
  });

  it('a new role counts at once, for tokens in use', async () => {
    const token = await admin();
    const { accessToken, user } = await newUser('olga');
    const role = (role: string) => auth.http.patch(`/admin/users/${user.id}`, { role }, { token });
    const listed = async () => (await auth.http.get('/admin/users', { token: accessToken })).status;
    expect(await listed()).toBe(403);
    expect((await role('admin')).body.user.role).toBe('admin');
    expect(await listed()).toBe(200);
    expect((await role('user')).status).toBe(200);
    expect(await listed()).toBe(403);
  });

  it('deleted accounts are gone from the list and unknown', async () => {
    const token = await admin();
    const { user } = await newUser('peggy');
    expect((await auth.http.delete(`/admin/users/${user.id}`, { token })).status).toBe(200);
    expect((await auth.http.delete(`/admin/users/${user.id}`, { token })).status).toBe(404);
    const ids = (await auth.http.get('/admin/users', { token })).body.map(({ id }: { id: string }) => id);
    expect(ids).not.toContain(user.id);
    expect(ids).toContain('1');
    expect((await auth.http.post('/admin/users/999999/ban', {}, { token })).status).toBe(404);
  });

  it('cannot lock out the last one', async () => {
    const token = await admin();
    const { id } = (await auth.http.get('/api/v1/me', { token })).body.user;
    const replies = await Promise.all([
      auth.http.post(`/admin/users/${id}/ban`, {}, { token }),
      auth.http.delete(`/admin/users/${id}`, { token }),
      auth.http.patch(`/admin/users/${id}`, { role: 'user' }, { token }),
      auth.http.delete('/api/v1/me', { token }),
    ]);
    expect(replies.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    expect((await auth.http.get('/admin/users', { token })).status).toBe(200);
  });

  it('two who take each other’s rights at once leave one', async () => {
    await using own = await startTestAuth({ mongoUrl: database.fresh() });
    const signIn = async (username: string, password: string) =>
      (await own.http.post('/api/v1/auth/login', { username, password })).body;
    const first = await signIn('admin', ADMIN_PASSWORD);
    await own.http.patch('/admin/users/1', { role: 'admin' }, { token: first.accessToken });
    const second = await signIn('alice', 'password123');
    const demote = (id: string, token: string) =>
      own.http.patch(`/admin/users/${id}`, { role: 'user' }, { token });
    await Promise.all([demote('1', first.accessToken), demote(first.user.id, second.accessToken)]);
    const left = await own.mongo.connection
      .collection('users')
      .countDocuments({ role: 'admin', status: 'active' });
    expect(left).toBe(1);
  });
});

describe('finding users', () => {
  const search = async (q: string) => {
    const { accessToken: token } = await logIn('alice', 'password123');
    const { body } = await auth.http.get(`/api/users/search?q=${encodeURIComponent(q)}`, { token });
    return body as { _id: string; id: string; username: string }[];
  };

  it('by any part of username or name, in any case', async () => {
    const alice = { _id: '1', id: '1', username: 'alice' };
    for (const q of ['alice', 'LIC', 'johns', 'SON', 'ce joh']) expect(await search(q)).toContainEqual(alice);
    expect(await search('zzzz')).toEqual([]);
  });

  it('takes operators as text', async () => {
    for (const q of ['.*', '^', 'a|b', '$ne', '(', '\\', '[a-z]']) expect(await search(q)).toEqual([]);
  });

  it('lists everybody for jitsi, with name and address', async () => {
    const { accessToken: token } = await logIn('bob', 'password123');
    const { body } = await auth.http.get('/api/users', { token });
    expect(body.slice(0, 2)).toEqual([
      { id: '1', name: 'Alice Johnson', email: 'alice@example.com' },
      { id: '2', name: 'Bob Smith', email: 'bob@example.com' },
    ]);
  });

  it('one, and none', async () => {
    const { accessToken: token } = await logIn('bob', 'password123');
    expect((await auth.http.get('/api/v1/users/1', { token })).body.user.username).toBe('alice');
    expect((await auth.http.get('/api/v1/users/424242', { token })).status).toBe(404);
  });
});
