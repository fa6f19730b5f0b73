import { randomUUID } from 'node:crypto';
import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import { UserId } from '@switchboard/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEVICES_PER_USER } from '../devices/device-store.ts';
import { expoToken, newSubscription } from '../testing/push-subscription.ts';
import { startTestNotification, type TestNotification } from '../testing/start-test-notification.ts';

let database: TestMongo;
let server: TestNotification;
beforeAll(async () => {
  database = await startTestMongo();
  server = await startTestNotification({ mongoUrl: database.database() });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

let users = 100;
const newUser = () => {
  users += 1;
  return server.accounts.signIn(users);
};
const register = (as: ReturnType<typeof newUser>, body: unknown) =>
  server.ask('POST', '/api/v1/devices', as, body);
const list = async (as: ReturnType<typeof newUser>) =>
  (await server.ask('GET', '/api/v1/devices', as)).body.devices;
const told = (userId: string) =>
  server.notices.filter((notice) => notice.type === 'push.changed' && notice.userId === userId).length;

describe('devices', () => {
  it('are registered, refreshed, listed without where they are reached, and removed', async () => {
    const alice = newUser();
    const token = expoToken();
    const made = await register(alice, {
      kind: 'expo',
      token,
      platform: 'ios',
      name: 'Phone',
      appVersion: '1.0',
    });
    expect(made).toMatchObject({
      status: 201,
      body: {
        device: {
          kind: 'expo',
          platform: 'ios',
          name: 'Phone',
          appVersion: '1.0',
          dialect: 'native',
          current: true,
          sessionId: alice.sessionId,
        },
      },
    });
    const again = await register(alice, { kind: 'expo', token, platform: 'ios', appVersion: '1.1' });
    expect(again).toMatchObject({ status: 200, body: { device: { id: made.body.device.id } } });
    expect(again.body.device).not.toHaveProperty('name');
    const [device, ...others] = await list(alice);
    expect(others).toEqual([]);
    expect(device).toEqual(again.body.device);
    expect(JSON.stringify([made.body, again.body, device])).not.toContain(token);
    expect(told(alice.id)).toBeGreaterThan(0);

    const stranger = newUser();
    const path = `/api/v1/devices/${device.id}`;
    expect(await list(stranger)).toEqual([]);
    const foreign = await server.ask('DELETE', path, stranger);
    const unknown = await server.ask('DELETE', `/api/v1/devices/${randomUUID()}`, stranger);
    expect([foreign.status, foreign.body]).toEqual([404, unknown.body]);
    expect((await server.ask('DELETE', path, alice)).status).toBe(204);
    expect((await server.ask('DELETE', path, alice)).status).toBe(404);
    expect(await list(alice)).toEqual([]);
  });

  it('of browsers are subscriptions, of gateways URLs with a secret told once', async () => {
    const alice = newUser();
    const subscription = newSubscription();
    const browser = await register(alice, { kind: 'web-push', subscription });
    expect(browser).toMatchObject({ status: 201, body: { device: { kind: 'web-push', platform: 'web' } } });
    const gateway = { kind: 'webhook', url: 'https://gateway.example.com/push?app=1' };
    const first = await register(alice, gateway);
    expect(first).toMatchObject({ status: 201, body: { signingSecret: expect.stringMatching(/^whsec_/) } });
    const second = await register(alice, gateway);
    expect(second.status).toBe(200);
    expect(second.body).not.toHaveProperty('signingSecret');
    const [stored] = (await server.devices.ofUser(alice.id)).filter(({ kind }) => kind === 'webhook');
    expect(stored?.address).toMatchObject({ secret: first.body.signingSecret });
    expect(JSON.stringify(await list(alice))).not.toMatch(/whsec|gateway|p256dh|endpoint/);
    // A gateway serves many: nobody takes it away from anybody.
    const bob = newUser();
    expect((await register(bob, gateway)).status).toBe(201);
    expect(await list(alice)).toHaveLength(2);
  });

  it('a token seen under another user, or in another session, goes over to it', async () => {
    const [alice, bob] = [newUser(), newUser()];
    const token = expoToken();
    const former = await register(alice, { kind: 'expo', token });
    const moved = await register(bob, { kind: 'expo', token });
    expect(moved.status).toBe(201);
    expect(moved.body.device.id).not.toBe(former.body.device.id);
    expect([await list(alice), await list(bob)]).toEqual([[], [moved.body.device]]);
    const later = server.accounts.signIn(Number(bob.id));
    expect((await register(later, { kind: 'expo', token })).status).toBe(201);
    expect(await list(bob)).toMatchObject([{ sessionId: later.sessionId, current: false }]);
  });

  it('a session has one token and one subscription: the next takes the place', async () => {
    const alice = newUser();
    for (const kind of ['expo', 'expo', 'web-push', 'web-push'] as const) {
      const body = kind === 'expo' ? { kind, token: expoToken() } : { kind, subscription: newSubscription() };
      expect((await register(alice, body)).status).toBe(201);
    }
    expect((await list(alice)).map(({ kind }: { kind: string }) => kind).sort()).toEqual([
      'expo',
      'web-push',
    ]);
  });

  it(`are ${DEVICES_PER_USER} of a user at most: the longest unseen go`, async () => {
    const alice = newUser();
    const ids: string[] = [];
    for (let n = 0; n < DEVICES_PER_USER + 2; n += 1) {
      const made = await register(alice, { kind: 'webhook', url: `https://gateway.example.com/${n}` });
      ids.push(made.body.device.id);
      // Seen in this order, also when registered within one millisecond.
      await server.mongo.connection
        .collection('devices')
        .updateOne(
          { _id: made.body.device.id },
          { $set: { lastSeenAt: new Date(Date.now() - 3_600_000 + n * 1_000) } },
        );
    }
    const left = (await list(alice)).map(({ id }: { id: string }) => id);
    expect(left).toEqual(ids.slice(2).reverse());
    // Gone, and not only left out of the list.
    const stored = server.mongo.connection.collection('devices');
    expect(await stored.countDocuments({ userId: alice.id })).toBe(DEVICES_PER_USER);
  });

  it('say when they were pushed to last, and what went wrong', async () => {
    const alice = newUser();
    const { body } = await register(alice, { kind: 'expo', token: expoToken() });
    const at = new Date(Date.now() + 60_000);
    await server.devices.pushed(body.device.id, at, 'MessageTooBig');
    await server.devices.pushed(body.device.id, new Date(at.getTime() - 1_000));
    expect(await list(alice)).toMatchObject([{ lastPush: { at: at.toISOString(), error: 'MessageTooBig' } }]);
    await server.devices.pushed(body.device.id, at);
    const [device] = await list(alice);
    expect(device).toMatchObject({ lastPush: { at: at.toISOString() }, lastSeenAt: at.toISOString() });
    expect(device.lastPush).not.toHaveProperty('error');
    await server.devices.remove(body.device.id);
    await server.devices.remove(body.device.id);
    expect(await server.devices.get(body.device.id)).toBeUndefined();
  });

  it('are not for strangers', async () => {
    for (const [method, path] of [
      ['GET', '/api/v1/devices'],
      ['POST', '/api/v1/devices'],
      ['DELETE', `/api/v1/devices/${randomUUID()}`],
      ['POST', '/api/auth/expo-push-token'],
      ['GET', '/api/v1/notifications/preferences'],
    ] as const) {
      expect([path, (await server.ask(method, path)).status]).toEqual([path, 401]);
    }
  });
});

describe('what is not a target', () => {
  const subscription = newSubscription();
  const point = Buffer.from(subscription.keys.p256dh, 'base64url');
  point.writeUInt8((point.at(-1) ?? 0) ^ 1, 64);
  const withKeys = (keys: object) => ({
    kind: 'web-push',
    subscription: { ...subscription, keys: { ...subscription.keys, ...keys } },
  });
  const webhook = (url: unknown) => ({ kind: 'webhook', url });
  const web = (endpoint: unknown) => ({ kind: 'web-push', subscription: { ...subscription, endpoint } });

  it.each([
    ['no kind', { token: expoToken() }, 'kind'],
    ['an unknown kind', { kind: 'apns', token: 'x' }, 'kind'],
    ['no token', { kind: 'expo' }, 'token'],
    ['an empty token', { kind: 'expo', token: 'ExponentPushToken[]' }, 'token'],
    ['no token of Expo', { kind: 'expo', token: 'nonsense' }, 'token'],
    ['a token without end', { kind: 'expo', token: `ExponentPushToken[${'x'.repeat(300)}]` }, 'token'],
    ['an operator', { kind: 'expo', token: { $gt: '' } }, '$gt'],
    ['an unknown platform', { kind: 'expo', token: expoToken(), platform: 'toaster' }, 'platform'],
    ['a great version', { kind: 'expo', token: expoToken(), appVersion: '1'.repeat(33) }, 'appVersion'],
    ['an unknown vocabulary', { kind: 'expo', token: expoToken(), dialect: 'klingon' }, 'dialect'],
    ['a name that hides', { kind: 'expo', token: expoToken(), name: 'a\u202eb' }, 'name'],
    ['no subscription', { kind: 'web-push' }, 'subscription'],
    ['a point that is none', withKeys({ p256dh: point.toString('base64url') }), 'subscription.keys.p256dh'],
    ['a short key', withKeys({ p256dh: subscription.keys.p256dh.slice(4) }), 'subscription.keys.p256dh'],
    [
      'a compressed point',
      withKeys({ p256dh: Buffer.alloc(65, 2).toString('base64url') }),
      'subscription.keys.p256dh',
    ],
    ['a short secret', withKeys({ auth: 'AAAA' }), 'subscription.keys.auth'],
    ['an endpoint that is no URL', web('nonsense'), 'subscription.endpoint'],
    ['an endpoint of another kind', web('ftp://push.example.com/x'), 'subscription.endpoint'],
    ['an endpoint in our own house', web('https://127.0.0.1:9000/x'), 'subscription.endpoint'],
    ['a gateway in our own house', webhook('http://localhost:3000/metrics'), 'url'],
    ['a gateway in disguise', webhook('http://0x7f.1/'), 'url'],
    ['a gateway of the cloud', webhook('http://169.254.169.254/latest/meta-data'), 'url'],
    ['a gateway with a password', webhook('https://user:pass@gateway.example.com/'), 'url'],
    ['a gateway that is code', webhook('javascript:alert(1)'), 'url'],
    ['a great URL', webhook(`https://gateway.example.com/${'x'.repeat(2_100)}`), 'url'],
    ['nothing', null, undefined],
    ['a list', [], undefined],
  ])('%s', async (_what, body, field) => {
    const alice = newUser();
    const refused = await register(alice, body);
    expect(refused).toMatchObject({ status: 400, body: { error: { code: 'INVALID_DATA' } } });
    if (field !== undefined) expect(Object.keys(refused.body.error.fields)).toContain(field);
    expect(await list(alice)).toEqual([]);
  });
});

describe('the expo vocabulary', () => {
  const save = (as: ReturnType<typeof newUser>, body: unknown) =>
    server.ask('POST', '/api/auth/expo-push-token', as, body);
  const holders = async (token: string) =>
    (await server.mongo.connection.collection('devices').find({ 'address.token': token }).toArray()).map(
      ({ sessionId }) => sessionId,
    );

  it('its token is the session’s: replaced by the next, gone with the log-out, and no other session loses its own', async () => {
    const phone = newUser();
    const tablet = server.accounts.signIn(Number(phone.id));
    const [old, next, other] = [expoToken(), expoToken(), expoToken()];
    await save(phone, { expoPushToken: old });
    expect(await save(phone, { token: next })).toMatchObject({
      status: 200,
      body: { message: 'Push token saved' },
    });
    await save(tablet, { expo_push_token: other });
    expect(await list(phone)).toMatchObject([{ dialect: 'expo' }, { dialect: 'expo' }]);
    expect(await holders(old)).toEqual([]);
    expect(await holders(next)).toEqual([phone.sessionId]);
    await server.accounts.logOut(phone);
    expect(await holders(next)).toEqual([]);
    expect(await holders(other)).toEqual([tablet.sessionId]);
    // The verdict on the access token is remembered for a while; the device is not let in by it.
    expect((await save(phone, { expoPushToken: next })).status).toBe(401);
    expect(await holders(next)).toEqual([]);
  });

  it('its token goes with the device to whoever signs in on it', async () => {
    const [alice, bob] = [newUser(), newUser()];
    const device = expoToken();
    await save(alice, { expoPushToken: device });
    await save(bob, { expoPushToken: device });
    expect(await holders(device)).toEqual([bob.sessionId]);
  });

  it.each([
    '',
    'ExponentPushToken[]',
    'ExponentPushToken[a b]',
    'nonsense',
    `ExponentPushToken[${'x'.repeat(300)}]`,
  ])('its token must look like one: %.30s', async (expoPushToken) => {
    const reply = await save(newUser(), { expoPushToken });
    expect(reply).toMatchObject({ status: 400, body: { errors: [{ path: 'expoPushToken' }] } });
  });
});

it('registering is limited per user', async () => {
  await using limited = await startTestNotification({
    mongoUrl: database.database(),
    env: { RATE_LIMIT_DEVICES: '2/1h' },
  });
  const alice = limited.accounts.signIn(1);
  const statuses: number[] = [];
  for (let n = 0; n < 3; n += 1) {
    const reply = await limited.ask('POST', '/api/v1/devices', alice, { kind: 'expo', token: expoToken() });
    statuses.push(reply.status);
    if (reply.status === 429) expect(reply.headers.get('retry-after')).toMatch(/^\d+$/);
  }
  expect(statuses).toEqual([201, 201, 429]);
  expect(await limited.devices.ofUser(UserId.parse('1'))).toHaveLength(1);
});
