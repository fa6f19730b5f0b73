import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import { createManualClock } from '@switchboard/engine-memory';
import { unavailable } from '@switchboard/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SignedIn } from '../testing/accounts.ts';
import { expoToken } from '../testing/push-subscription.ts';
import { startTestNotification, type TestNotification } from '../testing/start-test-notification.ts';

let database: TestMongo;
let server: TestNotification;
const clock = createManualClock(Date.now());
beforeAll(async () => {
  database = await startTestMongo();
  server = await startTestNotification({ mongoUrl: database.database(), clock });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

let users = 0;
const newUser = () => {
  users += 1;
  return server.accounts.signIn(users);
};
const register = async (as: SignedIn) => {
  const made = await server.ask('POST', '/api/v1/devices', as, { kind: 'expo', token: expoToken() });
  expect(made.status).toBe(201);
};
const devicesOf = async (as: SignedIn) =>
  (await server.devices.ofUser(as.id)).map(({ sessionId }) => sessionId);
/** Drives the clock until it is so. */
const until = async (condition: () => Promise<boolean>, stepMs: number) => {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not happen in time');
    await clock.advance(stepMs);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

it('a log-out takes this session’s devices, and no other’s', async () => {
  const phone = newUser();
  const tablet = server.accounts.signIn(Number(phone.id));
  const stranger = newUser();
  for (const each of [phone, tablet, stranger]) await register(each);
  await server.accounts.logOut(phone);
  expect(await devicesOf(phone)).toEqual([tablet.sessionId]);
  expect(await devicesOf(stranger)).toEqual([stranger.sessionId]);
});

it('the end of all sessions takes all, and told late, none of those begun since', async () => {
  const phone = newUser();
  await register(phone);
  await server.accounts.logOutEverywhere(phone.id);
  expect(await devicesOf(phone)).toEqual([]);
  const later = server.accounts.signIn(Number(phone.id));
  await register(later);
  await server.accounts.tellAllEnded(phone.id);
  expect(await devicesOf(later)).toEqual([later.sessionId]);
});

it('a ban takes all, a deletion what was wished, too', async () => {
  const banned = newUser();
  await register(banned);
  await server.accounts.ban(banned.id);
  expect(await devicesOf(banned)).toEqual([]);

  const deleted = newUser();
  await register(deleted);
  const wishes = { messages: { direct: 'none', rooms: 'none' }, previews: false };
  expect((await server.ask('PUT', '/api/v1/notifications/preferences', deleted, wishes)).status).toBe(200);
  const muted = await server.ask('PUT', '/api/v1/conversations/r:5/notifications', deleted, { mode: 'none' });
  expect(muted.status).toBe(200);
  await server.accounts.delete(deleted.id);
  expect(await devicesOf(deleted)).toEqual([]);
  const { connection } = server.mongo;
  expect(await connection.collection('notification_preferences').countDocuments({})).toBe(0);
  expect(await connection.collection('conversation_preferences').countDocuments({})).toBe(0);
});

it('waits for auth to say which sessions are over', async () => {
  const phone = newUser();
  await register(phone);
  server.accounts.lapse(phone);
  server.accounts.fault = unavailable('auth');
  const asked = server.accounts.checks;
  const told = server.accounts.tellAllEnded(phone.id);
  await until(async () => server.accounts.checks > asked + 1, 100);
  expect(await devicesOf(phone)).toEqual([phone.sessionId]);
  server.accounts.fault = undefined;
  await until(async () => (await devicesOf(phone)).length === 0, 1_000);
  await told;
});

it('a session that lapsed without a word loses its devices before long; one that lives keeps them', async () => {
  const [gone, alive] = [newUser(), newUser()];
  await register(gone);
  await register(alive);
  server.accounts.lapse(gone);
  const begun = clock.now();
  await until(async () => (await devicesOf(gone)).length === 0, 30_000);
  expect(clock.now() - begun).toBeGreaterThanOrEqual(3_600_000 - 60_000);
  expect(await devicesOf(alive)).toEqual([alive.sessionId]);
  // It was found alive, so it is not asked after again at once.
  const asked = server.accounts.checks;
  await clock.advance(600_000);
  expect(server.accounts.checks).toBe(asked);
});
