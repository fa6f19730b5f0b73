import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import { unavailable } from '@switchboard/protocol';
import { newEvent, systemClock } from '@switchboard/service-kit';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { SignedIn } from '../testing/accounts.ts';
import { Interleaving } from '../testing/interleaving.ts';
import { expoToken } from '../testing/push-subscription.ts';
import { startTestNotification, type TestNotification } from '../testing/start-test-notification.ts';
import type { DeviceContext } from './device-context.ts';
import { endDevices } from './ended-sessions.ts';
import { registerDevice } from './register-device.ts';

let database: TestMongo;
let server: TestNotification;
beforeAll(async () => {
  database = await startTestMongo();
  server = await startTestNotification({ mongoUrl: database.database() });
});
afterEach(() => {
  server.accounts.fault = undefined;
  server.accounts.whileChecking = async () => undefined;
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

let users = 1_000;
const newUser = () => {
  users += 1;
  return server.accounts.signIn(users);
};
const register = async (as: SignedIn, token: string) =>
  (await server.ask('POST', '/api/v1/devices', as, { kind: 'expo', token })).status;
/** What is stored of a session, pending or not. */
const left = (as: SignedIn) =>
  server.mongo.connection.collection('devices').countDocuments({ sessionId: as.sessionId });

/** The context with every step of it taken when it is its turn, and what was learned by it used when it is the turn again. */
function inTurn(context: DeviceContext, turns: Interleaving): DeviceContext {
  const { bus, devices } = context;
  const step =
    <A extends unknown[], R>(take: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await turns.step();
      return take(...args);
    };
  return {
    ...context,
    bus: {
      async request(...args) {
        await turns.step();
        const answer = await bus.request(...args);
        await turns.step();
        return answer;
      },
      serve: bus.serve.bind(bus),
      publish: bus.publish.bind(bus),
      consume: bus.consume.bind(bus),
      notify: bus.notify.bind(bus),
      listen: bus.listen.bind(bus),
      health: bus.health.bind(bus),
      close: bus.close.bind(bus),
    },
    devices: {
      ...devices,
      refresh: step((...args) => devices.refresh(...args)),
      insert: step((...args) => devices.insert(...args)),
      confirm: step((...args) => devices.confirm(...args)),
      takeBack: step((...args) => devices.takeBack(...args)),
      remove: step((...args) => devices.remove(...args)),
      removeAddress: step((...args) => devices.removeAddress(...args)),
      removeBefore: step((...args) => devices.removeBefore(...args)),
      removeSession: step((...args) => devices.removeSession(...args)),
    },
  };
}

it('leaves nothing of a session that ended while its device was registered, whatever the order of the steps', async () => {
  const outcomes = new Set<string>();
  const registration = (token: string) => ({ address: { kind: 'expo', token }, dialect: 'native' }) as const;
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        order: fc.infiniteStream(fc.nat()),
        /** Steps of the registrations before the log-out begins. */
        ahead: fc.nat(9),
        everywhere: fc.boolean(),
        known: fc.boolean(),
        tokens: fc.constantFrom([0], [0], [0, 0], [0, 1]),
      }),
      async ({ order, ahead, everywhere, known, tokens }) => {
        const phone = newUser();
        const names = [expoToken(), expoToken()];
        if (known) await registerDevice(server.context, phone, registration(names[0] ?? ''));
        const turns = new Interleaving((parked) => Number(order.next().value) % Math.max(1, parked));
        const context = inTurn(server.context, turns);
        const end = async () => {
          for (let waited = 0; waited < ahead; waited += 1) await turns.step();
          server.accounts.lapse(phone);
          const { id: userId, sessionId } = phone;
          const body = { type: 'auth.session.revoked', userId } as const;
          await endDevices(context, newEvent(everywhere ? body : { ...body, sessionId }, systemClock));
        };
        const register = async (token: string) => {
          const result = await registerDevice(context, phone, registration(token));
          outcomes.add(result.ok ? 'registered' : (result.error.detail ?? result.error.code));
        };
        await turns.run([end, ...tokens.map((index) => () => register(names[index] ?? ''))]);
        expect(await left(phone)).toBe(0);
      },
    ),
    { numRuns: 80 },
  );
  // Both came about, or the race was none.
  expect([...outcomes].sort()).toEqual(['registered', 'revoked_session']);
}, 120_000);

it('leaves nothing when the session ends between the question after it and the confirmation', async () => {
  const phone = newUser();
  let ended = false;
  server.accounts.whileChecking = async () => {
    if (ended) return;
    ended = true;
    await server.accounts.logOut(phone);
  };
  // The first verdict is remembered by the verifier of access tokens; what is asked anew is the registration's.
  expect((await server.ask('GET', '/api/v1/devices', server.accounts.signIn(1))).status).toBe(200);
  expect(await register(phone, expoToken())).toBe(401);
  expect(await left(phone)).toBe(0);
});

it('is seen by nobody before the session was found alive, and by nobody when that cannot be told', async () => {
  const phone = newUser();
  expect((await server.ask('GET', '/api/v1/devices', phone)).status).toBe(200);
  const visible: number[] = [];
  server.accounts.whileChecking = async () => {
    visible.push((await server.devices.ofUser(phone.id)).length);
  };
  expect(await register(phone, expoToken())).toBe(201);
  expect(visible).toEqual([0]);
  expect(await server.devices.ofUser(phone.id)).toHaveLength(1);

  const tablet = newUser();
  expect((await server.ask('GET', '/api/v1/devices', tablet)).status).toBe(200);
  server.accounts.fault = unavailable('auth');
  expect(await register(tablet, expoToken())).toBe(503);
  expect(await left(tablet)).toBe(0);
  // One that was there before stays.
  const token = expoToken();
  server.accounts.fault = undefined;
  expect(await register(tablet, token)).toBe(201);
  server.accounts.fault = unavailable('auth');
  expect(await register(tablet, token)).toBe(503);
  expect(await server.devices.ofUser(tablet.id)).toHaveLength(1);
});

it('one token under several users at once ends with one of them', async () => {
  const people = [newUser(), newUser(), newUser()];
  for (let round = 0; round < 6; round += 1) {
    const token = expoToken();
    const statuses = await Promise.all(people.map((person) => register(person, token)));
    expect(statuses.filter((status) => status === 201).length).toBeGreaterThan(0);
    const holders = await server.mongo.connection
      .collection('devices')
      .countDocuments({ 'address.token': token });
    expect(holders).toBe(1);
  }
});
