import { createMemoryRateLimits } from '@switchboard/engine-memory';
import type { RateLimits } from '@switchboard/ports';
import { unavailable } from '@switchboard/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  manualClock,
  startTestAuth,
  startTestDatabase,
  type TestAuth,
  type TestDatabase,
} from '../testing/start-test-auth.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(async () => {
  await database?.[Symbol.asyncDispose]();
});

const limited = (more: Partial<Parameters<typeof startTestAuth>[0]> = {}) =>
  startTestAuth({
    mongoUrl: database.fresh(),
    ...more,
    env: { RATE_LIMIT_LOGIN: '5/15m', TRUST_PROXY: 'true', ...more.env },
  });
const from = (ip: string) => ({ headers: { 'x-forwarded-for': ip } });
const tryIt = (auth: TestAuth, username: string, password: string, ip = '10.0.0.1', path = '/auth/login') =>
  auth.http.post(path, { username, password }, from(ip));
const fail = async (auth: TestAuth, username: string, times: number, ip?: string) => {
  const statuses: number[] = [];
  for (let n = 0; n < times; n += 1) statuses.push((await tryIt(auth, username, 'wrong-one', ip)).status);
  return statuses;
};

describe('the log-in limit', () => {
  it('refuses the right password, too, after five failures, until the window is over', async () => {
    const clock = manualClock();
    await using auth = await limited({ clock });
    expect(await fail(auth, 'alice', 6)).toEqual([401, 401, 401, 401, 401, 429]);
    const refused = await tryIt(auth, 'alice', 'password123');
    expect([refused.status, refused.body.code]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(refused.headers.get('retry-after'))).toBe(900);
    await clock.advance(15 * 60_000 - 1_000);
    expect((await tryIt(auth, 'alice', 'password123')).status).toBe(429);
    await clock.advance(1_000);
    expect((await tryIt(auth, 'alice', 'password123')).status).toBe(200);
  });

  it('counts all routes and both identifiers together', async () => {
    await using auth = await limited();
    const tries = [
      ['/auth/login', 'alice'],
      ['/api/auth/login', 'alice@example.com'],
      ['/api/login', 'ALICE'],
      ['/api/v1/auth/login', 'Alice@Example.com'],
      ['/auth/login', ' alice '],
    ] as const;
    for (const [path, name] of tries) {
      expect((await tryIt(auth, name, 'wrong-one', undefined, path)).status).toBe(401);
    }
    for (const [path, name] of tries) {
      expect((await tryIt(auth, name, 'password123', undefined, path)).status).toBe(429);
    }
    const jitsi = await tryIt(auth, 'alice', 'password123', undefined, '/api/login');
    expect(jitsi.body).toMatchObject({ success: false, error: { code: 'RATE_LIMITED' } });
  });

  it('treats unknown accounts alike', async () => {
    await using auth = await limited();
    expect(await fail(auth, 'nobody', 6)).toEqual([401, 401, 401, 401, 401, 429]);
    expect(await fail(auth, 'NOBODY', 1)).toEqual([429]);
    expect(await fail(auth, 'somebody', 1)).toEqual([401]);
  });

  it('is per address: nobody is locked out from elsewhere', async () => {
    await using auth = await limited();
    await fail(auth, 'alice', 6);
    expect((await tryIt(auth, 'alice', 'password123', '10.0.0.2')).status).toBe(200);
    expect((await tryIt(auth, 'alice', 'password123', '10.0.0.1')).status).toBe(429);
  });

  it('forgets failures once the right password is given', async () => {
    await using auth = await limited();
    for (let round = 0; round < 3; round += 1) {
      expect(await fail(auth, 'alice', 4)).toEqual([401, 401, 401, 401]);
      expect((await tryIt(auth, 'alice', 'password123')).status).toBe(200);
    }
  });

  it('stops an address after fifty failures over many accounts, own log-ins in between or not', async () => {
    await using auth = await limited();
    for (let n = 0; n < 50; n += 1) {
      expect(await fail(auth, `user${n}`, 1)).toEqual([401]);
      if (n % 10 === 0) expect((await tryIt(auth, 'bob', 'password123')).status).toBe(200);
    }
    expect(await fail(auth, 'user50', 1)).toEqual([429]);
    expect((await tryIt(auth, 'bob', 'password123')).status).toBe(429);
    expect((await tryIt(auth, 'bob', 'password123', '10.0.0.9')).status).toBe(200);
  });

  it('takes one IPv6 subscriber for one address', async () => {
    await using auth = await limited();
    for (let n = 0; n < 5; n += 1)
      expect(await fail(auth, 'alice', 1, `2001:db8:1:2::${n + 1}`)).toEqual([401]);
    expect(await fail(auth, 'alice', 1, '2001:db8:1:2:ffff::1')).toEqual([429]);
    expect(await fail(auth, 'alice', 1, '2001:db8:1:3::1')).toEqual([401]);
  });

  it('guesses sent at once learn no more than guesses sent in turn', async () => {
    await using auth = await limited();
    const guesses = Array.from({ length: 40 }, (_, n) =>
      tryIt(auth, 'alice', n === 39 ? 'password123' : `g${n}`),
    );
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(5);
    expect(statuses.at(-1)).toBe(429);
  });

  it('fifty right passwords at once are all let in', async () => {
    await using auth = await limited();
    const tries = Array.from({ length: 50 }, () => tryIt(auth, 'alice', 'password123'));
    expect((await Promise.all(tries)).every(({ status }) => status === 200)).toBe(true);
  });

  it('counts a wrong current password when changing it', async () => {
    await using auth = await limited();
    const { accessToken: token } = (await tryIt(auth, 'alice', 'password123')).body;
    const change = (currentPassword: string) =>
      auth.http.post(
        '/api/v1/auth/password',
        { currentPassword, newPassword: 'password-9' },
        { token, ...from('10.0.0.1') },
      );
    for (let n = 0; n < 5; n += 1) expect((await change(`wrong-${n}`)).status).toBe(403);
    expect((await change('password123')).status).toBe(429);
    expect((await tryIt(auth, 'alice', 'password123')).status).toBe(429);
  });

  it('is shared by instances and outlives them', async () => {
    const clock = manualClock();
    const mongoUrl = database.fresh();
    const rates = createMemoryRateLimits({ clock });
    {
      await using first = await limited({ mongoUrl, clock, rates });
      expect(await fail(first, 'alice', 5)).toEqual([401, 401, 401, 401, 401]);
    }
    await using second = await limited({ mongoUrl, clock, rates });
    expect((await tryIt(second, 'alice', 'password123')).status).toBe(429);
  });

  it('fails closed while the counters are away: 503, for right and wrong alike', async () => {
    const away = () => Promise.reject(unavailable('The counters'));
    const rates: RateLimits = { take: away, peek: away, clear: away };
    await using auth = await limited({ rates });
    for (const password of ['password123', 'wrong-one']) {
      const { status, headers } = await tryIt(auth, 'alice', password);
      expect([status, headers.get('retry-after')]).toEqual([503, '1']);
    }
  });

  it('can be off', async () => {
    await using auth = await limited({ env: { RATE_LIMIT_LOGIN: 'off' } });
    expect(new Set(await fail(auth, 'alice', 60))).toEqual(new Set([401]));
  });

  it('keeps what was typed out of the shared store', async () => {
    const keys: string[] = [];
    const clock = manualClock();
    const real = createMemoryRateLimits({ clock });
    const rates: RateLimits = {
      take: (key, rule) => {
        keys.push(key);
        return real.take(key, rule);
      },
      peek: (key, rule) => real.peek(key, rule),
      clear: (key) => real.clear(key),
    };
    await using auth = await limited({ rates, clock });
    await fail(auth, 'my-secret-typed-here', 1);
    expect(keys).toHaveLength(2);
    expect(keys.join()).not.toContain('secret');
  });
});
