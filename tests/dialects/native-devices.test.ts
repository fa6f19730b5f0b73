import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { http } from '../harness/http.ts';
import { logIn, type Person, register } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

let topology: Topology;
beforeAll(async () => {
  topology = await allInOne({ RATE_LIMIT_DEVICES: 'off' });
});
afterAll(() => topology?.[Symbol.asyncDispose]());

const ask = (method: string, path: string, { token }: Pick<Person, 'token'>, body?: unknown) =>
  http(method, topology.url(0) + path, { token, ...(body === undefined ? {} : { body }) });
const newToken = () => `ExponentPushToken[${randomBytes(11).toString('base64url')}]`;
const listed = async (as: Pick<Person, 'token'>) => (await ask('GET', '/api/v1/devices', as)).body.devices;
const until = async (condition: () => Promise<boolean>) => {
  const deadline = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

it('a phone’s target goes with its user’s log-out, and with whoever signs in on it next', async () => {
  const alice = await register(topology, 'Alice');
  const phone = await logIn(topology, alice.username, alice.password);
  const token = newToken();
  expect((await ask('POST', '/api/v1/devices', phone, { kind: 'expo', token })).status).toBe(201);
  expect(await listed(alice)).toMatchObject([{ kind: 'expo', current: false }]);

  const bob = await register(topology, 'Bob');
  expect((await ask('POST', '/api/auth/expo-push-token', bob, { token })).status).toBe(200);
  expect(await listed(alice)).toEqual([]);
  expect(await listed(bob)).toMatchObject([{ kind: 'expo', dialect: 'expo', current: true }]);

  const laptop = await logIn(topology, bob.username, bob.password);
  expect((await ask('POST', '/auth/logout', bob, {})).status).toBe(200);
  await until(async () => (await listed(laptop)).length === 0);
  expect((await ask('POST', '/api/auth/expo-push-token', bob, { token })).status).toBe(401);
});

it('a new password ends the devices of all other sessions, and keeps one’s own', async () => {
  const alice = await register(topology, 'Alice');
  const phone = await logIn(topology, alice.username, alice.password);
  for (const each of [alice, phone]) {
    expect((await ask('POST', '/api/v1/devices', each, { kind: 'expo', token: newToken() })).status).toBe(
      201,
    );
  }
  const changed = await ask('POST', '/api/v1/auth/password', alice, {
    currentPassword: alice.password,
    newPassword: 'another password',
  });
  expect(changed.status).toBe(200);
  await until(async () => (await listed(alice)).length === 1);
  expect(await listed(alice)).toMatchObject([{ current: true }]);
});

it('a deleted account leaves neither devices nor wishes', async () => {
  const alice = await register(topology, 'Alice');
  const token = newToken();
  await ask('POST', '/api/v1/devices', alice, { kind: 'expo', token });
  expect((await ask('DELETE', '/api/v1/me', alice)).status).toBe(204);
  // Somebody else on that phone is a new device, not a refreshed one.
  const bob = await register(topology, 'Bob');
  expect((await ask('POST', '/api/v1/devices', bob, { kind: 'expo', token })).status).toBe(201);
});

it('browsers are given one key, the same for everybody', async () => {
  const [alice, bob] = [await register(topology, 'Alice'), await register(topology, 'Bob')];
  const keys = await Promise.all([alice, bob].map((each) => ask('GET', '/api/v1/push/web-push-key', each)));
  expect(keys.map(({ status }) => status)).toEqual([200, 200]);
  expect(Buffer.from(keys[0]?.body.publicKey, 'base64url')).toHaveLength(65);
  expect(keys[0]?.body).toEqual(keys[1]?.body);
});
