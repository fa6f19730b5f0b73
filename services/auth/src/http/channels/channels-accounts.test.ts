import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RETRY_MS } from '../../sessions/presented-session.ts';
import {
  ADMIN_PASSWORD,
  manualClock,
  startTestAuth,
  startTestDatabase,
  type TestAuth,
  type TestDatabase,
} from '../../testing/start-test-auth.ts';

const DAY_MS = 86_400_000;

let database: TestDatabase;
let auth: TestAuth;
const clock = manualClock();
beforeAll(async () => {
  database = await startTestDatabase();
  auth = await startTestAuth({ mongoUrl: database.fresh(), clock, env: { REFRESH_TOKEN_TTL: '30d' } });
});
afterAll(async () => {
  await auth?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

const password = 'correct horse battery';
const register = (email: string, more: object = {}) =>
  auth.http.post('/auth/register/', { email, name: 'Ann', password, ...more });
const logIn = async (identifier: string, secret = password) =>
  (await auth.http.post('/auth/login/', { email: identifier, password: secret })).body;
const refresh = (token: string) => auth.http.post('/auth/token/refresh/', { refresh: token });
const profile = (token: string) => auth.http.get('/auth/profile/', { token });
const BAD_REFRESH = { detail: 'Token is invalid', code: 'token_not_valid' };

describe('registering by e-mail address', () => {
  it('derives a username that nobody has', async () => {
    const replies = await Promise.all(
      ['one.example', 'two.example', 'three.example'].map((host) => register(`same+name@${host}`)),
    );
    expect(replies.map(({ status }) => status)).toEqual([201, 201, 201]);
    const { body } = await auth.http.post('/auth/login', { username: 'admin', password: ADMIN_PASSWORD });
    const users = (await auth.http.get('/admin/users', { token: body.accessToken })).body;
    const names = users.map(({ username }: { username: string }) => username);
    const derived = names.filter((name: string) => name.startsWith('same-name'));
    expect(derived).toHaveLength(3);
    expect(new Set(derived).size).toBe(3);
    expect(derived).toContain('same-name');
    for (const name of derived) expect(name).toMatch(/^same-name(-[0-9a-f]{8})?$/);
  });

  it('gives an address to one of those who ask for it at once', async () => {
    const replies = await Promise.all(Array.from({ length: 5 }, () => register('wanted@example.com')));
    expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 400, 400, 400, 400]);
    for (const { status, body } of replies) {
      if (status === 400) expect(body).toEqual({ email: ['A user with this email already exists.'] });
    }
  });

  it('complains about the address and the password at once', async () => {
    await register('taken@example.com');
    const reply = await register('Taken@Example.com', { password: 'password1' });
    expect([reply.status, reply.body]).toEqual([
      400,
      {
        email: ['A user with this email already exists.'],
        password: ['This password is too common.'],
      },
    ]);
  });

  it('obeys REGISTRATION, and takes an invitation', async () => {
    await using invited = await startTestAuth({
      mongoUrl: database.fresh(),
      env: { REGISTRATION: 'invite' },
    });
    const { body: admin } = await invited.http.post('/auth/login', {
      username: 'admin',
      password: ADMIN_PASSWORD,
    });
    const { body: invitation } = await invited.http.post('/admin/invitations/generate', undefined, {
      token: admin.accessToken,
    });
    const ask = (email: string, code?: string) =>
      invited.http.post('/auth/register/', {
        email,
        name: 'Ann',
        password,
        ...(code === undefined ? {} : { invitation_code: code }),
      });
    const refused = await ask('ann@example.com');
    expect([refused.status, refused.body]).toEqual([403, { detail: 'Registration needs an invitation' }]);
    expect((await ask('ann@example.com', invitation.code)).status).toBe(201);
    expect((await ask('bea@example.com', invitation.code)).status).toBe(400);
  });
});

describe('a refresh token', () => {
  it('stays as it is, and gives access tokens of its session as long as that lasts', async () => {
    await register('long@example.com');
    const tokens = await logIn('long@example.com');
    for (let day = 0; day < 3; day += 1) {
      await clock.advance(9 * DAY_MS);
      const reply = await refresh(tokens.refresh);
      expect([reply.status, Object.keys(reply.body)]).toEqual([200, ['access']]);
      expect((await profile(reply.body.access)).body.email).toBe('long@example.com');
    }
    await clock.advance(4 * DAY_MS);
    const late = await refresh(tokens.refresh);
    expect([late.status, late.body]).toEqual([401, BAD_REFRESH]);
    expect(late.headers.get('www-authenticate')).toBe('Bearer realm="api"');
  });

  it('dies with the session', async () => {
    await register('brief@example.com');
    const tokens = await logIn('brief@example.com');
    expect((await auth.http.post('/auth/logout/', undefined, { token: tokens.access })).body).toEqual({
      message: 'Successfully logged out',
    });
    expect((await refresh(tokens.refresh)).body).toEqual(BAD_REFRESH);
  });

  it('that another vocabulary rotated is good for a moment, and then ends the session', async () => {
    await register('rotated@example.com');
    const tokens = await logIn('rotated@example.com');
    const rotated = await auth.http.post('/auth/refresh', { refreshToken: tokens.refresh });
    expect(rotated.status).toBe(200);
    expect((await refresh(tokens.refresh)).status).toBe(200);
    expect((await refresh(rotated.body.refreshToken)).status).toBe(200);
    await clock.advance(RETRY_MS + 1);
    expect((await refresh(tokens.refresh)).body).toEqual(BAD_REFRESH);
    expect((await refresh(rotated.body.refreshToken)).body).toEqual(BAD_REFRESH);
  });

  it('may be none at all', async () => {
    for (const token of ['x', 'a.b.c', tokenLike()]) {
      expect([token, (await refresh(token)).body]).toEqual([token, BAD_REFRESH]);
    }
    expect((await refresh('')).body).toEqual({ refresh: ['This field may not be blank.'] });
  });
});

function tokenLike(): string {
  const secret = 'x'.repeat(43);
  return `0198a1de-0000-4000-8000-00000000005e.${secret}.${secret}`;
}
