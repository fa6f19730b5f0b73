import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { http } from '../harness/http.ts';
import { logIn, type Person, register, Stage } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

let topology: Topology;
let admin: string;
let bystander: Person;
beforeAll(async () => {
  topology = await allInOne();
  admin = (await logIn(topology)).token;
  bystander = await register(topology, 'Bystander');
});
afterAll(() => topology?.[Symbol.asyncDispose]());

const ask = (method: string, path: string, token?: string, body?: unknown) =>
  http(method, topology.url(0) + path, {
    ...(token ? { token } : {}),
    ...(body === undefined ? {} : { body }),
  });

const notVerified = { valid: false, message: expect.any(String), error: expect.any(String) };

async function expectShutOut(person: Person, message: 'Authentication error' | 'User not found') {
  await using stage = new Stage(topology);
  expect(await ask('GET', '/auth/verify', person.token)).toMatchObject({ status: 401, body: notVerified });
  expect(await ask('GET', '/api/messages', person.token)).toMatchObject({
    status: 401,
    body: { success: false, error: { code: 'UNAUTHORIZED' } },
  });
  const refreshed = await ask('POST', '/auth/refresh', undefined, { refreshToken: person.refreshToken });
  expect([refreshed.status, typeof refreshed.body.message]).toEqual([401, 'string']);
  for (const transports of [['websocket'], ['polling']]) {
    const connecting = stage.open('shut out', 0, { auth: { token: person.token }, transports });
    await expect(connecting).rejects.toThrow(new RegExp(`^${message}$`));
  }
  const joining = await stage.open('shut out');
  joining.send('join', { userId: person.id, token: person.token });
  const words = message === 'User not found' ? message : 'Authentication failed';
  expect(await joining.log.next('auth:error')).toEqual({ message: words });
}

describe('every /admin route', () => {
  it.each([
    ['POST', '/admin/invitations/generate'],
    ['GET', '/admin/invitations'],
    ['GET', '/admin/invitations/'],
    ['GET', '/admin/users'],
    ['POST', '/admin/users/1/ban'],
    ['POST', '/admin/users/1/unban'],
    ['DELETE', '/admin/users/1'],
    ['PATCH', '/admin/users/1'],
  ])('%s %s: 403 {message} for a user, 401 {message} for nobody', async (method, path) => {
    const body = method === 'PATCH' ? { role: 'admin' } : undefined;
    expect(await ask(method, path, bystander.token, body)).toMatchObject({
      status: 403,
      body: { message: expect.any(String) },
    });
    for (const token of [undefined, 'garbage', bystander.refreshToken]) {
      expect(await ask(method, path, token, body)).toMatchObject({
        status: 401,
        body: { message: expect.any(String) },
      });
    }
    expect((await ask('GET', '/auth/verify', admin)).status).toBe(200);
  });
});

describe('banning', () => {
  it('closes every socket within two seconds, ends the call, refuses tokens and the log-in; unbanning lets in again', async () => {
    const [alice, bob] = await Promise.all([register(topology, 'Alice'), register(topology, 'Bob')]);
    await using stage = new Stage(topology);
    const sockets = [
      await stage.peer(alice),
      await stage.jitsi(alice),
      await stage.native(alice),
      await stage.jitsi(alice, 0, { transports: ['polling'] }),
    ];
    const b = await stage.jitsi(bob);
    sockets[1]?.send('call:initiate', { to: bob.id, callType: 'voice' });
    const { id } = await b.log.next('call:incoming');
    b.send('call:respond', { callId: id, response: 'accept' });
    await sockets[1]?.log.next('call:accepted');

    const closing = sockets.map((socket) => socket.closed(2000));
    const banned = await ask('POST', `/admin/users/${alice.id}/ban`, admin);
    expect([banned.status, banned.body.user]).toMatchObject([200, { id: alice.id, status: 'banned' }]);
    await Promise.all(closing);
    expect(await b.log.next('call:ended', () => true, 2000)).toMatchObject({ callId: id });
    expect(await b.log.next('user:offline')).toMatchObject({ userId: alice.id });
    await expectShutOut(alice, 'Authentication error');
    for (const path of ['/auth/login', '/api/auth/login', '/api/login']) {
      const body = { username: alice.username, password: alice.password };
      expect((await ask('POST', path, undefined, body)).status).toBe(403);
      expect((await ask('POST', path, undefined, { ...body, password: 'wrong' })).status).toBe(401);
    }
    expect((await ask('GET', '/api/users', admin)).body).not.toContainEqual(
      expect.objectContaining({ id: alice.id }),
    );
    expect((await ask('GET', '/admin/users', admin)).body).toContainEqual(
      expect.objectContaining({ id: alice.id, status: 'banned' }),
    );

    expect((await ask('POST', `/admin/users/${alice.id}/unban`, admin)).status).toBe(200);
    await expectShutOut(alice, 'Authentication error');
    const { token } = await logIn(topology, alice.username, alice.password);
    expect((await stage.peer({ ...alice, token })).socket.connected).toBe(true);
  });
});

describe('deleting', () => {
  it('shuts out with "User not found", frees the name, keeps what was written', async () => {
    const [alice, bob] = await Promise.all([register(topology, 'Alice'), register(topology, 'Bob')]);
    await using stage = new Stage(topology);
    const [a, b] = [await stage.jitsi(alice), await stage.jitsi(bob)];
    await a.ask('message', { to: bob.id, content: 'last words' });
    const closing = a.closed(2000);
    const { status, body } = await ask('DELETE', `/admin/users/${alice.id}`, admin);
    expect([status, body]).toEqual([200, { message: expect.any(String) }]);
    await closing;
    await expectShutOut(alice, 'User not found');
    const login = { username: alice.username, password: alice.password };
    expect((await ask('POST', '/auth/login', undefined, login)).status).toBe(401);
    expect(await b.ask('message', { to: alice.id, content: 'x' })).toMatchObject({
      error: { code: 'USER_NOT_FOUND' },
    });
    b.send('call:initiate', { to: alice.id });
    expect(await b.log.next('call:failed')).toMatchObject({ message: 'User not found' });
    const history = await ask('GET', '/api/messages', bob.token);
    expect(history.body.messages).toMatchObject([{ senderId: alice.id, content: 'last words' }]);
    expect(history.body.messages[0].senderName).not.toContain('Alice');
    const again = await ask('POST', '/auth/register', undefined, login);
    expect([again.status, again.body.user.id === alice.id]).toEqual([201, false]);
    for (const [method, path] of [
      ['DELETE', ''],
      ['POST', '/ban'],
      ['POST', '/unban'],
    ] as const) {
      expect((await ask(method, `/admin/users/${alice.id}${path}`, admin)).status).toBe(404);
    }
  });
});

describe('changing a role', () => {
  it('counts at once and for both ways; the last administrator stays one', async () => {
    const alice = await register(topology, 'Alice');
    const made = await ask('PATCH', `/admin/users/${alice.id}`, admin, { role: 'admin' });
    expect([made.status, made.body.user.role]).toEqual([200, 'admin']);
    const { token } = await logIn(topology, alice.username, alice.password);
    expect((await ask('GET', '/admin/users', token)).status).toBe(200);
    await ask('PATCH', `/admin/users/${alice.id}`, admin, { role: 'user' });
    expect((await ask('GET', '/admin/users', token)).status).not.toBe(200);
    const { id } = (await ask('GET', '/auth/verify', admin)).body.user;
    for (const [method, path, body] of [
      ['PATCH', '', { role: 'user' }],
      ['POST', '/ban', undefined],
      ['DELETE', '', undefined],
    ] as const) {
      expect((await ask(method, `/admin/users/${id}${path}`, admin, body)).status).toBe(403);
    }
    for (const role of ['root', '', null, 7, { $ne: 'user' }]) {
      expect((await ask('PATCH', `/admin/users/${alice.id}`, admin, { role })).status).toBe(400);
    }
    for (const odd of ['x', '-1', '0', '1e1', '%24ne', '9'.repeat(40)]) {
      expect([400, 404]).toContain((await ask('POST', `/admin/users/${odd}/ban`, admin)).status);
    }
  });
});
