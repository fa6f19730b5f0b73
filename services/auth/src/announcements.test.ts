import { createMemoryBus, createMemoryRateLimits } from '@switchboard/engine-memory';
import type { Bus } from '@switchboard/ports';
import { type BusEvent, SessionId, UserId, unavailable } from '@switchboard/protocol';
import { createSessionVerifier, createTokenKey, systemClock } from '@switchboard/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './testing/eventually.ts';
import {
  ADMIN_PASSWORD,
  manualClock,
  startTestAuth,
  startTestDatabase,
  type TestAuth,
  type TestDatabase,
} from './testing/start-test-auth.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(async () => {
  await database?.[Symbol.asyncDispose]();
});

const signIn = async ({ http }: TestAuth, username: string, password = 'password123') =>
  (await http.post('/api/v1/auth/login', { username, password })).body;
const sessionIdOf = (refreshToken: string) => SessionId.parse(refreshToken.split('.')[0]);
const typesOf = (events: readonly BusEvent[]) => events.map(({ type }) => type);

/** A bus whose publishing can be cut off, as if the process died after storing. */
function fragile(bus: Bus): Bus & { broken: boolean } {
  const wrapped: Bus & { broken: boolean } = {
    broken: false,
    publish: (event) => (wrapped.broken ? Promise.reject(unavailable('The bus')) : bus.publish(event)),
    notify: (notice, to) =>
      wrapped.broken ? Promise.reject(unavailable('The bus')) : bus.notify(notice, to),
    request: (name, payload, options) => bus.request(name, payload, options),
    serve: (name, handler) => bus.serve(name, handler),
    consume: (options, handler) => bus.consume(options, handler),
    listen: (handler, node) => bus.listen(handler, node),
    health: () => bus.health(),
    close: () => bus.close(),
  };
  return wrapped;
}

describe('what others are told', () => {
  it('the life of an account, in order', async () => {
    await using auth = await startTestAuth({ mongoUrl: database.fresh() });
    const admin = (await signIn(auth, 'admin', ADMIN_PASSWORD)).accessToken;
    const { body } = await auth.http.post('/api/v1/auth/register', {
      username: 'carol',
      password: 'password-1',
    });
    const { id } = body.user;
    await auth.http.patch('/api/v1/me', { name: 'Carol C.' }, { token: body.accessToken });
    await auth.http.post(`/admin/users/${id}/ban`, {}, { token: admin });
    await auth.http.post(`/admin/users/${id}/unban`, {}, { token: admin });
    await auth.http.patch(`/admin/users/${id}`, { role: 'admin' }, { token: admin });
    await auth.http.delete(`/admin/users/${id}`, { token: admin });
    const about = () =>
      auth.events.filter(
        (event) => ('user' in event ? event.user.id : 'userId' in event && event.userId) === id,
      );
    await eventually(() => about().length === 8);
    expect(typesOf(about())).toEqual([
      'auth.user.created',
      'auth.user.updated',
      'auth.user.banned',
      'auth.session.revoked',
      'auth.user.unbanned',
      'auth.user.updated',
      'auth.user.deleted',
      'auth.session.revoked',
    ]);
    expect(about().at(-2)).toMatchObject({
      user: {
        id,
        username: `deleted:${id}`,
        name: 'Deleted user',
        email: null,
        status: 'deleted',
        role: 'user',
      },
    });
    const outboxes = auth.mongo.connection.collection('users').find({ 'outbox.0': { $exists: true } });
    await eventually(async () => (await outboxes.clone().toArray()).length === 0);
  });

  it.each([
    ['ban', 'banned'],
    ['delete', 'deleted'],
  ] as const)('%s: a notice at once, so that sockets close', async (what, reason) => {
    await using auth = await startTestAuth({ mongoUrl: database.fresh() });
    const admin = (await signIn(auth, 'admin', ADMIN_PASSWORD)).accessToken;
    await signIn(auth, 'bob');
    if (what === 'ban') await auth.http.post('/admin/users/2/ban', {}, { token: admin });
    else await auth.http.delete('/admin/users/2', { token: admin });
    await eventually(
      () => auth.notices.some((notice) => notice.type === 'session.revoked' && notice.userId === '2'),
      2_000,
    );
    expect(auth.notices).toContainEqual({ type: 'session.revoked', userId: '2', reason });
    expect(auth.notices).toContainEqual({ type: 'user.changed', userId: '2' });
  });

  it('the one session of a log-out, the others of a change of password', async () => {
    await using auth = await startTestAuth({ mongoUrl: database.fresh() });
    const [one, two, three] = [
      await signIn(auth, 'bob'),
      await signIn(auth, 'bob'),
      await signIn(auth, 'bob'),
    ];
    await auth.http.post('/auth/logout', undefined, { token: one.accessToken });
    await auth.http.post(
      '/api/v1/auth/password',
      { currentPassword: 'password123', newPassword: 'password-2' },
      { token: two.accessToken },
    );
    const expected = [one, three].map(({ refreshToken }) => sessionIdOf(refreshToken));
    const revoked = () =>
      auth.events.flatMap((event) => (event.type === 'auth.session.revoked' ? [event.sessionId] : []));
    await eventually(() => revoked().length === 2);
    expect(revoked()).toEqual(expected);
    const said = auth.notices.flatMap((notice) =>
      notice.type === 'session.revoked' ? [[notice.sessionId, notice.reason]] : [],
    );
    expect(said).toEqual([
      [expected[0], 'logout'],
      [expected[1], 'password_changed'],
    ]);
  });

  it('a verifier that remembers a session forgets it on a ban', async () => {
    await using auth = await startTestAuth({ mongoUrl: database.fresh() });
    const { accessToken } = await signIn(auth, 'bob');
    const admin = (await signIn(auth, 'admin', ADMIN_PASSWORD)).accessToken;
    const key = createTokenKey('a'.repeat(64));
    await using verifier = createSessionVerifier({ key, bus: auth.bus, clock: systemClock, cacheMs: 60_000 });
    expect((await verifier.verify(accessToken)).ok).toBe(true);
    await auth.http.post('/admin/users/2/ban', {}, { token: admin });
    const verdict = await eventually(async () => {
      const result = await verifier.verify(accessToken);
      return result.ok ? undefined : result;
    }, 2_000);
    expect(verdict.error.detail).toBe('user_banned');
  });
});

describe('a crash between storing and publishing', () => {
  it('loses nothing: the next start publishes, once', async () => {
    const mongoUrl = database.fresh();
    const clock = manualClock();
    const bus = createMemoryBus({ clock });
    const rates = createMemoryRateLimits({ clock });
    const cut = fragile(bus);
    {
      await using auth = await startTestAuth({ mongoUrl, clock, bus: cut, rates });
      const admin = (await signIn(auth, 'admin', ADMIN_PASSWORD)).accessToken;
      const bob = await signIn(auth, 'bob');
      await eventually(() => auth.events.length === 3);
      cut.broken = true;
      const { body, status } = await auth.http.post('/api/v1/auth/register', {
        username: 'dan',
        password: 'password-1',
      });
      expect(status).toBe(201);
      await auth.http.post('/auth/logout', undefined, { token: bob.accessToken });
      expect((await auth.http.post(`/admin/users/${body.user.id}/ban`, {}, { token: admin })).status).toBe(
        200,
      );
      expect(auth.events).toHaveLength(3);
    }
    await using next = await startTestAuth({ mongoUrl, clock, bus, rates });
    await clock.advance(10_000);
    await eventually(() => next.events.length >= 4);
    const types = typesOf(next.events);
    expect(types.filter((type) => type === 'auth.session.revoked')).toHaveLength(2);
    expect(types.filter((type) => type.startsWith('auth.user.'))).toEqual([
      'auth.user.created',
      'auth.user.banned',
    ]);
    await eventually(async () => {
      const left = ['users', 'sessions'].map((name) =>
        next.mongo.connection.collection(name).countDocuments({ 'outbox.0': { $exists: true } }),
      );
      return (await Promise.all(left)).every((count) => count === 0);
    });
    await clock.advance(60_000);
    expect(next.events).toHaveLength(4);
    await bus.close();
  });
});

describe('requests over the bus', () => {
  it('answer whose session it is, and why it is not', async () => {
    await using auth = await startTestAuth({ mongoUrl: database.fresh() });
    const { refreshToken, accessToken } = await signIn(auth, 'alice');
    const bob = await signIn(auth, 'bob');
    const userId = UserId.parse('1');
    const sessionId = sessionIdOf(refreshToken);
    const check = (user: UserId, session: SessionId) =>
      auth.bus.request('auth.session.check', { userId: user, sessionId: session });
    expect(await check(userId, sessionId)).toEqual({
      ok: true,
      value: {
        id: '1',
        username: 'alice',
        name: 'Alice Johnson',
        email: 'alice@example.com',
        role: 'user',
        sessionId,
      },
    });
    const detail = async (user: string, session: SessionId) => {
      const result = await check(UserId.parse(user), session);
      return result.ok ? 'ok' : result.error.detail;
    };
    expect(await detail('1', sessionIdOf(bob.refreshToken))).toBe('revoked_session');
    expect(await detail('2', sessionId)).toBe('revoked_session');
    expect(await detail('4242', sessionId)).toBe('user_deleted');
    await auth.http.post('/auth/logout', undefined, { token: accessToken });
    expect(await detail('1', sessionId)).toBe('revoked_session');
  });

  it('give users of any status by id', async () => {
    await using auth = await startTestAuth({ mongoUrl: database.fresh() });
    const { accessToken } = await signIn(auth, 'bob');
    await auth.http.delete('/api/v1/me', { token: accessToken });
    const userIds = ['1', '2', '4242'].map((id) => UserId.parse(id));
    const reply = await auth.bus.request('auth.users.get', { userIds });
    expect(reply.ok && reply.value.users).toMatchObject([
      { id: '1', username: 'alice', status: 'active' },
      { id: '2', username: 'deleted:2', email: null, status: 'deleted' },
    ]);
  });
});
