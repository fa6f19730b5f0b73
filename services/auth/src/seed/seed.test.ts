import { connectMongo, nextSequence, systemClock } from '@switchboard/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authConfig } from '../config.ts';
import type { UserDoc } from '../store/users.ts';
import {
  logger,
  startTestAuth,
  startTestDatabase,
  type TestAuth,
  type TestDatabase,
} from '../testing/start-test-auth.ts';
import { seedAuth } from './seed-auth.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(async () => {
  await database?.[Symbol.asyncDispose]();
});

const people = async ({ mongo }: TestAuth) =>
  (await mongo.connection.collection<UserDoc>('users').find().sort({ _id: 1 }).toArray()).map(
    ({ _id, username, role }) => [_id, username, role],
  );

describe('seeding', () => {
  it('makes alice 1 and bob 2, then an administrator', async () => {
    await using auth = await startTestAuth({ mongoUrl: database.fresh() });
    expect(await people(auth)).toEqual([
      [1, 'alice', 'user'],
      [2, 'bob', 'user'],
      [3, 'admin', 'admin'],
    ]);
    const { body } = await auth.http.post('/auth/register', { username: 'next', password: 'password-1' });
    expect(body.user.id).toBe('4');
  });

  it('changes nothing at the next start, nor what its users changed', async () => {
    const mongoUrl = database.fresh();
    {
      await using first = await startTestAuth({ mongoUrl });
      const { body } = await first.http.post('/auth/login', { username: 'alice', password: 'password123' });
      const change = { currentPassword: 'password123', newPassword: 'password-2' };
      await first.http.post('/api/v1/auth/password', change, { token: body.accessToken });
      const bob = await first.http.post('/auth/login', { username: 'bob', password: 'password123' });
      await first.http.delete('/api/v1/me', { token: bob.body.accessToken });
    }
    await using second = await startTestAuth({ mongoUrl });
    expect(second.seeded.admin).toBeUndefined();
    expect(await people(second)).toEqual([
      [1, 'alice', 'user'],
      [2, undefined, 'user'],
      [3, 'admin', 'admin'],
    ]);
    const login = await second.http.post('/auth/login', { username: 'alice', password: 'password-2' });
    expect(login.status).toBe(200);
  });

  it.each([1, 2])(
    'goes on after a crash that left %i of the sequence taken and no account',
    async (taken) => {
      const mongoUrl = database.fresh();
      {
        await using mongo = await connectMongo(mongoUrl, { logger, appName: 'crashed' });
        for (let n = 0; n < taken; n += 1) await nextSequence(mongo.connection, 'users');
      }
      await using auth = await startTestAuth({ mongoUrl });
      expect((await people(auth)).slice(0, 2)).toEqual([
        [1, 'alice', 'user'],
        [2, 'bob', 'user'],
      ]);
    },
  );

  it('by five instances at once makes each once', async () => {
    const mongoUrl = database.fresh();
    const instances = await Promise.all(Array.from({ length: 5 }, () => startTestAuth({ mongoUrl })));
    try {
      const [first] = instances;
      const made = first ? await people(first) : [];
      expect(made.map(([, username]) => username)).toEqual(['alice', 'bob', 'admin']);
      expect(made.slice(0, 2).map(([id]) => id)).toEqual([1, 2]);
      expect(instances.filter(({ seeded }) => seeded.admin)).toHaveLength(1);
    } finally {
      for (const instance of instances) await instance[Symbol.asyncDispose]();
    }
  });

  it('generates the administrator’s password, hands it over once, and it works', async () => {
    const mongoUrl = database.fresh();
    const env = { ADMIN_PASSWORD: '', ADMIN_USERNAME: 'root', SEED_DEMO: 'false' };
    let password: string | undefined;
    {
      await using first = await startTestAuth({ mongoUrl, env });
      expect(first.seeded).toEqual({ demo: [], admin: { username: 'root', password: expect.any(String) } });
      password = first.seeded.admin?.password;
      expect(password?.length).toBeGreaterThanOrEqual(16);
      expect((await first.http.post('/auth/login', { username: 'root', password })).status).toBe(200);
    }
    await using second = await startTestAuth({ mongoUrl, env });
    expect(second.seeded.admin).toBeUndefined();
    expect((await second.http.post('/auth/login', { username: 'root', password })).status).toBe(200);
  });

  it('makes nobody an administrator for having taken the name', async () => {
    const mongoUrl = database.fresh();
    {
      await using first = await startTestAuth({ mongoUrl, env: { ADMIN_USERNAME: 'root' } });
      await first.http.post('/auth/register', { username: 'boss', password: 'password-1' });
      await first.mongo.connection
        .collection('users')
        .updateOne({ usernameKey: 'root' }, { $set: { status: 'banned' } });
    }
    await using second = await startTestAuth({ mongoUrl, env: { ADMIN_USERNAME: 'boss' } });
    expect(second.seeded.admin).toBeUndefined();
    const { body } = await second.http.post('/auth/login', { username: 'boss', password: 'password-1' });
    expect(body.user.role).toBe('user');
  });

  it('without a service gives a lost administrator a new password', async () => {
    const mongoUrl = database.fresh();
    const env = { BCRYPT_COST: '4', JWT_SECRET: 'a'.repeat(64), SEED_DEMO: 'true' };
    await using mongo = await connectMongo(mongoUrl, { logger, appName: 'seed' });
    const run = (ADMIN_PASSWORD: string) =>
      seedAuth(authConfig.parse({ ...env, ADMIN_PASSWORD }), { mongo, logger, clock: systemClock });
    expect((await run('first-one')).admin).toEqual({ username: 'admin' });
    expect((await run('second-one')).admin).toBeUndefined();
    await using auth = await startTestAuth({ mongoUrl });
    const status = async (password: string) =>
      (await auth.http.post('/auth/login', { username: 'admin', password })).status;
    expect([await status('first-one'), await status('second-one')]).toEqual([401, 200]);
  });
});
