import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestAuth, startTestDatabase, type TestDatabase } from '../testing/start-test-auth.ts';
import { createRegistrationGate } from './registration-gate.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(async () => {
  await database?.[Symbol.asyncDispose]();
});

const held = () => {
  let resolve: (hash: string) => void = () => undefined;
  const promise = new Promise<string>((done) => {
    resolve = done;
  });
  return { hash: () => promise, finish: () => resolve('hash') };
};

describe('the gate of registrations', () => {
  it('takes half of the queue from one address at once, and further ones when those are done', async () => {
    const gate = createRegistrationGate({ queue: 100 });
    const { hash, finish } = held();
    const first = Array.from({ length: 50 }, (_, n) => gate.run(`2001:db8:1:2::${n}`, hash));
    expect(await gate.run('2001:db8:1:2:ffff::1', hash)).toMatchObject({
      ok: false,
      error: { code: 'RATE_LIMITED', retryable: true, retryAfterMs: 1_000 },
    });
    const elsewhere = gate.run('10.0.0.1', hash);
    finish();
    expect((await Promise.all([...first, elsewhere])).every(({ ok }) => ok)).toBe(true);
    expect(await gate.run('2001:db8:1:2::1', hash)).toEqual({ ok: true, value: 'hash' });
  });

  it('leaves a quarter of the queue to log-ins, however many addresses ask', async () => {
    const gate = createRegistrationGate({ queue: 9 });
    const { hash, finish } = held();
    const first = Array.from({ length: 6 }, (_, n) => gate.run(`10.0.0.${n}`, hash));
    await expect(gate.run('10.0.0.9', hash)).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      retryable: true,
    });
    finish();
    await Promise.all(first);
    expect((await gate.run('10.0.0.9', hash)).ok).toBe(true);
  });

  it('counts a hash that failed as done', async () => {
    const gate = createRegistrationGate({ queue: 2 });
    const failing = () => Promise.reject(new Error('no thread'));
    await expect(gate.run('10.0.0.1', failing)).rejects.toThrow('no thread');
    await expect(gate.run('10.0.0.1', failing)).rejects.toThrow('no thread');
  });
});

describe('three hundred registrations at once from one address', () => {
  it('leave room for log-ins and say when to come back', { timeout: 60_000 }, async () => {
    await using auth = await startTestAuth({
      mongoUrl: database.fresh(),
      env: { BCRYPT_COST: '10', PASSWORD_QUEUE: '40', TRUST_PROXY: 'true' },
    });
    const register = (n: number) =>
      auth.http.post(
        '/api/v1/auth/register',
        { username: `storm${n}`, password: 'password-1' },
        { headers: { 'x-forwarded-for': '10.0.0.1' } },
      );
    const storm = Array.from({ length: 300 }, (_, n) => register(n));
    // The first one refused shows that the storm is at its height.
    await Promise.any(
      storm.map(async (reply) => {
        if ((await reply).status === 201) throw new Error('let in');
      }),
    );
    const logins = await Promise.all(
      Array.from({ length: 5 }, () =>
        auth.http.post('/auth/login', { username: 'alice', password: 'password123' }),
      ),
    );
    expect(logins.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);

    const replies = await Promise.all(storm);
    const refused = replies.filter(({ status }) => status !== 201);
    expect(replies.length - refused.length).toBeGreaterThanOrEqual(10);
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([429]));
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
    expect((await register(300)).status).toBe(201);
  });
});
