import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  manualClock,
  startTestAuth,
  startTestDatabase,
  type TestAuth,
  type TestDatabase,
} from '../testing/start-test-auth.ts';

let database: TestDatabase;
let auth: TestAuth;
const clock = manualClock();
let mongoUrl: string;

beforeAll(async () => {
  database = await startTestDatabase();
  mongoUrl = database.fresh();
  auth = await startTestAuth({ mongoUrl, clock });
});
afterAll(async () => {
  await auth?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

interface Pair {
  readonly accessToken: string;
  readonly refreshToken: string;
}
const signIn = async (username = 'alice'): Promise<Pair> => {
  const { body } = await auth.http.post('/auth/login', { username, password: 'password123' });
  return body;
};
const refresh = (refreshToken: string, at: TestAuth = auth) =>
  at.http.post('/auth/refresh', { refreshToken });
const good = async ({ accessToken }: Pair, at: TestAuth = auth) =>
  (await at.http.get('/auth/verify', { token: accessToken })).status === 200;
const pairOf = ({ body }: { body: Pair }): Pair => ({
  accessToken: body.accessToken,
  refreshToken: body.refreshToken,
});

describe('refreshing', () => {
  it('rotates: a new pair, of the same session', async () => {
    const first = await signIn();
    const { status, body } = await refresh(first.refreshToken);
    expect(status).toBe(200);
    expect(body.user.username).toBe('alice');
    expect(body.refreshToken).not.toBe(first.refreshToken);
    expect(await good(body)).toBe(true);
    expect(await good(first)).toBe(true);
    expect((await refresh(body.refreshToken)).status).toBe(200);
  });

  it('stores neither secret of a token', async () => {
    const { refreshToken } = await signIn();
    const { body } = await refresh(refreshToken);
    const stored = JSON.stringify(await auth.mongo.connection.collection('sessions').find().toArray());
    for (const token of [refreshToken, body.refreshToken, body.accessToken]) {
      const [, ...secrets] = token.split('.');
      for (const secret of secrets) expect(stored).not.toContain(secret);
    }
    expect(Buffer.from(refreshToken.split('.')[2] ?? '', 'base64url')).toHaveLength(32);
  });

  it('fifty at once: one successor, the same pair for all', async () => {
    const { refreshToken } = await signIn();
    const replies = await Promise.all(Array.from({ length: 50 }, () => refresh(refreshToken)));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    const pairs = new Set(replies.map((reply) => JSON.stringify(pairOf(reply))));
    expect(pairs.size).toBe(1);
    const [reply] = replies;
    expect(reply && (await good(reply.body))).toBe(true);
    expect((await refresh(reply?.body.refreshToken)).status).toBe(200);
  });

  it('fifty at once over two instances: the same pair for all', async () => {
    await using other = await startTestAuth({ mongoUrl, clock });
    const { refreshToken } = await signIn();
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, n) => refresh(refreshToken, n % 2 ? other : auth)),
    );
    expect(new Set(replies.map((reply) => JSON.stringify(pairOf(reply)))).size).toBe(1);
    expect(replies.every(({ status }) => status === 200)).toBe(true);
  });

  it('a lost reply is given again within ten seconds, after a restart as well', async () => {
    const first = await signIn();
    const given = pairOf(await refresh(first.refreshToken));
    await clock.advance(9_999);
    expect(pairOf(await refresh(first.refreshToken))).toEqual(given);
    await using restarted = await startTestAuth({ mongoUrl, clock });
    expect(pairOf(await refresh(first.refreshToken, restarted))).toEqual(given);
  });

  it('a token used again after ten seconds ends the session for both', async () => {
    const first = await signIn();
    const stranger = await signIn();
    const next = pairOf(await refresh(first.refreshToken));
    await clock.advance(10_001);
    const reuse = await refresh(first.refreshToken);
    expect([reuse.status, reuse.body.code]).toEqual([401, 'UNAUTHORIZED']);
    expect((await refresh(next.refreshToken)).status).toBe(401);
    expect([await good(first), await good(next)]).toEqual([false, false]);
    expect(await good(stranger)).toBe(true);
  });

  it('an older token than the last one ends the session at once', async () => {
    const first = await signIn();
    const second = pairOf(await refresh(first.refreshToken));
    const third = pairOf(await refresh(second.refreshToken));
    expect((await refresh(first.refreshToken)).status).toBe(401);
    expect((await refresh(third.refreshToken)).status).toBe(401);
  });

  it('a guess that knows the session id alone ends nothing', async () => {
    const pair = await signIn();
    const other = (await signIn()).refreshToken.split('.');
    const [id, family, turn] = pair.refreshToken.split('.');
    for (const guess of [
      `${id}.${other[1]}.${other[2]}`,
      `${id}.${other[1]}.${turn}`,
      `${other[0]}.${family}.${turn}`,
      'x',
      `${id}.${family}`,
      `${pair.refreshToken}.x`,
    ]) {
      expect((await refresh(guess)).status).toBe(401);
    }
    expect(await good(pair)).toBe(true);
    expect((await refresh(pair.refreshToken)).status).toBe(200);
  });

  it('is refused once the session has lapsed; each rotation prolongs it', async () => {
    const kept = await signIn();
    const left = await signIn();
    await clock.advance(20 * 24 * 3600_000);
    const next = pairOf(await refresh(kept.refreshToken));
    await clock.advance(20 * 24 * 3600_000);
    expect((await refresh(left.refreshToken)).status).toBe(401);
    expect((await refresh(next.refreshToken)).status).toBe(200);
  });
});

describe('access tokens', () => {
  it('lapse after a day', async () => {
    const pair = await signIn();
    await clock.advance(24 * 3600_000 - 2_000);
    expect(await good(pair)).toBe(true);
    await clock.advance(2_000);
    const { status, body } = await auth.http.get('/api/v1/auth/verify', { token: pair.accessToken });
    expect([status, body.error.detail]).toEqual([401, 'expired_token']);
  });

  it('carry the claims that were settled', async () => {
    const { accessToken } = await signIn();
    const claims = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({ sub: '1', user_id: '1', username: 'alice', role: 'user', type: 'access' });
    expect(claims).toMatchObject({
      iss: expect.any(String),
      aud: expect.any(String),
      jti: expect.any(String),
    });
    expect(claims.sid).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('are verified by Bearer, by body, by GET and by POST', async () => {
    const { accessToken: token } = await signIn();
    const valid = { valid: true, user: { userId: '1', id: '1', username: 'alice' } };
    expect((await auth.http.get('/auth/verify', { token })).body).toEqual(valid);
    expect((await auth.http.post('/auth/verify', undefined, { token })).body).toEqual(valid);
    expect((await auth.http.post('/auth/verify', { accessToken: token })).body).toEqual(valid);
    for (const reply of [
      await auth.http.get('/auth/verify'),
      await auth.http.post('/auth/verify', {}),
      await auth.http.post('/auth/verify', { accessToken: `${token.slice(0, -3)}xyz` }),
    ]) {
      expect(reply.status).toBe(401);
      expect(reply.body).toEqual({ valid: false, message: expect.any(String), error: expect.any(String) });
    }
  });
});

describe('logging out', () => {
  it('by access token ends that session alone', async () => {
    const [one, two] = [await signIn(), await signIn()];
    expect((await auth.http.post('/auth/logout', undefined, { token: one.accessToken })).status).toBe(200);
    expect([await good(one), await good(two)]).toEqual([false, true]);
    expect((await refresh(one.refreshToken)).status).toBe(401);
  });

  it('by refresh token, and again', async () => {
    const pair = await signIn();
    for (const _ of [1, 2]) {
      const { status, body } = await auth.http.post('/auth/logout', { refreshToken: pair.refreshToken });
      expect([status, body]).toEqual([200, { message: expect.any(String) }]);
    }
    expect(await good(pair)).toBe(false);
  });

  it('without a token is refused', async () => {
    expect((await auth.http.post('/auth/logout', {})).status).toBe(401);
    expect((await auth.http.post('/auth/logout', { refreshToken: 'x.y.z' })).status).toBe(401);
  });

  it('everywhere ends them all', async () => {
    const pairs = [await signIn('bob'), await signIn('bob'), await signIn('bob')];
    const alice = await signIn('alice');
    const token = pairs[0]?.accessToken;
    expect((await auth.http.post('/api/v1/auth/logout-all', undefined, { token })).status).toBe(204);
    expect(await Promise.all(pairs.map((pair) => good(pair)))).toEqual([false, false, false]);
    const refreshed = await Promise.all(pairs.map(({ refreshToken }) => refresh(refreshToken)));
    expect(refreshed.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(await good(alice)).toBe(true);
  });
});

describe('the list of sessions', () => {
  it('shows one’s live ones and ends one of them', async () => {
    const [one, two] = [await signIn('bob'), await signIn('bob')];
    const alice = await signIn('alice');
    const list = async () =>
      (await auth.http.get('/api/v1/sessions', { token: one.accessToken })).body.sessions as {
        id: string;
        current: boolean;
      }[];
    const idOf = ({ refreshToken }: Pair) => refreshToken.split('.')[0];
    const before = await list();
    expect(before.filter(({ current }) => current).map(({ id }) => id)).toEqual([idOf(one)]);
    expect(before.map(({ id }) => id)).toContain(idOf(two));

    const end = (id: string | undefined) =>
      auth.http.delete(`/api/v1/sessions/${id}`, { token: one.accessToken });
    expect((await end(idOf(alice))).status).toBe(404);
    expect(await good(alice)).toBe(true);
    expect((await end(idOf(two))).status).toBe(204);
    expect(await good(two)).toBe(false);
    expect((await list()).map(({ id }) => id)).not.toContain(idOf(two));
  });

  it('is bounded: beyond a hundred the one unused for longest ends', async () => {
    const { body } = await auth.http.post('/auth/register', { username: 'many', password: 'password123' });
    await clock.advance(1_000);
    for (let n = 0; n < 10; n += 1) {
      await Promise.all(Array.from({ length: 10 }, () => signIn('many')));
    }
    expect(await good(body)).toBe(false);
    const live = await auth.mongo.connection
      .collection('sessions')
      .countDocuments({ userId: Number(body.user.id), revokedAt: { $exists: false } });
    expect(live).toBe(100);
  });
});
