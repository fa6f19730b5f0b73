import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ADMIN_PASSWORD,
  manualClock,
  startTestAuth,
  startTestDatabase,
  type TestAuth,
  type TestDatabase,
} from '../testing/start-test-auth.ts';

let database: TestDatabase;
let auth: TestAuth;
let token: string;
const clock = manualClock();

const adminOf = async (at: TestAuth): Promise<string> => {
  const body = { username: 'admin', password: ADMIN_PASSWORD };
  return (await at.http.post('/auth/login', body)).body.accessToken;
};

beforeAll(async () => {
  database = await startTestDatabase();
  auth = await startTestAuth({
    mongoUrl: database.fresh(),
    clock,
    env: { REGISTRATION: 'invite', TRUST_PROXY: 'true' },
  });
  token = await adminOf(auth);
});
afterAll(async () => {
  await auth?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

const issue = async (): Promise<string> =>
  (await auth.http.post('/admin/invitations/generate', {}, { token })).body.code;
const join = (username: string, invitationCode: string, at: TestAuth = auth, ip = '10.0.0.1') =>
  at.http.post(
    '/auth/register',
    { username, password: 'password-1', invitationCode },
    { headers: { 'x-forwarded-for': ip } },
  );
const listed = async (code: string) =>
  (await auth.http.get('/admin/invitations/', { token })).body.find(
    (invitation: { code: string }) => invitation.code === code,
  );

describe('invitations', () => {
  it('hold at least 128 random bits and are shown with their fate', async () => {
    const { status, body } = await auth.http.post('/admin/invitations/generate', undefined, { token });
    expect([status, body]).toEqual([
      201,
      { success: true, message: expect.any(String), code: expect.any(String), expiresAt: expect.any(String) },
    ]);
    expect(Buffer.from(body.code, 'base64url').length * 8).toBeGreaterThanOrEqual(128);
    expect(await listed(body.code)).toMatchObject({ isUsed: false, usedBy: null, usedAt: null });
    const joined = await join('invited', body.code);
    expect(joined.status).toBe(201);
    expect(await listed(body.code)).toEqual({
      _id: expect.any(String),
      code: body.code,
      isUsed: true,
      usedBy: joined.body.user.id,
      usedAt: expect.any(String),
      createdAt: expect.any(String),
      expiresAt: body.expiresAt,
    });
  });

  it('let in one of a hundred racers', async () => {
    const code = await issue();
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, n) => join(`racer${n}`, code, auth, `10.0.1.${n}`)),
    );
    const statuses = replies.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([201, ...Array<number>(99).fill(400)]);
    const users = auth.mongo.connection.collection('users');
    expect(await users.countDocuments({ usernameKey: /^racer/ })).toBe(1);
  });

  it('are not burnt by a taken name or address, or by a bad username', async () => {
    const code = await issue();
    expect((await join('alice', code)).status).toBe(409);
    expect((await join('not ok', code)).status).toBe(400);
    const taken = await auth.http.post('/auth/register', {
      username: 'free-name',
      email: 'alice@example.com',
      password: 'password-1',
      invitationCode: code,
    });
    expect(taken.status).toBe(409);
    expect((await join('free-name', code)).status).toBe(201);
    expect((await join('other-name', code)).status).toBe(400);
  });

  it('are not burnt when ten race for one name with a code each', async () => {
    const codes = await Promise.all(Array.from({ length: 10 }, issue));
    const replies = await Promise.all(codes.map((code) => join('coveted', code)));
    const losers = codes.filter((_, n) => replies[n]?.status === 409);
    expect(losers).toHaveLength(9);
    const second = await Promise.all(losers.map((code, n) => join(`consoled${n}`, code)));
    expect(second.map(({ status }) => status)).toEqual(Array<number>(9).fill(201));
  });

  it('lapse', async () => {
    const code = await issue();
    await clock.advance(7 * 24 * 3600_000);
    expect((await join('too-late', code)).status).toBe(400);
    token = await adminOf(auth);
  });

  it('stay used when the account is deleted', async () => {
    const code = await issue();
    const { body } = await join('leaver', code);
    await auth.http.delete('/api/v1/me', { token: body.accessToken });
    expect((await join('leaver2', code)).status).toBe(400);
  });

  it('count where none is needed, and are refused when bad', async () => {
    await using open = await startTestAuth({ mongoUrl: database.fresh() });
    const admin = await adminOf(open);
    const { body } = await open.http.post('/admin/invitations/generate', {}, { token: admin });
    expect((await join('zoe', 'no-such-code', open)).status).toBe(400);
    expect((await join('zoe', body.code, open)).status).toBe(201);
    expect((await join('zack', body.code, open)).status).toBe(400);
  });

  it('let their bearer in where registration is closed, once', async () => {
    await using closed = await startTestAuth({ mongoUrl: database.fresh(), env: { REGISTRATION: 'closed' } });
    const admin = await adminOf(closed);
    const { body } = await closed.http.post('/admin/invitations/generate', {}, { token: admin });
    expect((await join('stranger', 'no-such-code', closed)).status).toBe(400);
    expect((await join('guest', body.code, closed)).status).toBe(201);
    expect((await join('second', body.code, closed)).status).toBe(400);
  });

  it('are made and listed in native terms', async () => {
    const made = await auth.http.post('/api/v1/invitations', undefined, { token });
    expect(made.status).toBe(201);
    const { body } = await auth.http.get('/api/v1/invitations', { token });
    expect(body.invitations).toContainEqual(made.body.invitation);
  });
});
