import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StoredDevice } from '../devices/device-store.ts';
import { eventually } from '../testing/eventually.ts';
import { type ExpoStandIn, startExpoStandIn } from '../testing/expo-stand-in.ts';
import { expoToken } from '../testing/push-subscription.ts';
import {
  cancelled,
  incoming,
  message,
  missed,
  newCallId,
  newPush,
  read,
  type SendingBench,
  startSendingBench,
} from '../testing/sending-bench.ts';
import type { Misbehaviour } from '../testing/stand-in.ts';

const PATIENCE_MS = 20_000;
const ACCESS_TOKEN = 'token-of-an-expo-account';

let database: TestMongo;
let expo: ExpoStandIn;
let bench: SendingBench;

beforeAll(async () => {
  database = await startTestMongo();
});
afterAll(() => database?.[Symbol.asyncDispose]());
beforeEach(async () => {
  expo = await startExpoStandIn({ accessToken: ACCESS_TOKEN });
  bench = await startSendingBench({
    mongoUrl: database.database(),
    env: { EXPO_BASE_URL: expo.url, EXPO_ACCESS_TOKEN: ACCESS_TOKEN, EXPO_RECEIPT_DELAY_MS: '300' },
  });
});
afterEach(async () => {
  await bench?.[Symbol.asyncDispose]();
  await expo?.[Symbol.asyncDispose]();
});

const phone = (): StoredDevice => bench.devices.add({ kind: 'expo', token: expoToken() });
const tokenOf = ({ address }: StoredDevice): string => ('token' in address ? address.token : '');
const got = (device: StoredDevice) => expo.got(tokenOf(device));
const until = <T>(condition: () => T | Promise<T>) => eventually(condition, PATIENCE_MS);
const steps = () =>
  bench.told.map(({ content, step, detail }) => [content, step, ...(detail ? [detail] : [])]);
/** Misbehaves so the first `times`, and then no more. */
function firstTimes(times: number, how: Misbehaviour): void {
  let left = times;
  expo.misbehave = () => (left-- > 0 ? how : undefined);
}

describe('what Expo is sent', () => {
  it('a ring, at once and loudly, for as long as it rings; its end in silence', async () => {
    const device = phone();
    const callId = newCallId();
    await bench.put(device, incoming(callId));
    await until(() => got(device).length === 1);
    const [ring] = got(device);
    expect(ring).toMatchObject({
      title: 'Bob Smith',
      body: 'Incoming video call',
      priority: 'high',
      sound: 'default',
      channelId: 'calls',
      data: { v: 1, id: `call:${callId}:${device.id}:1`, type: 'call.incoming', callId, from: { id: '2' } },
    });
    expect(ring?.ttl).toBeGreaterThan(0);
    expect(ring?.ttl).toBeLessThanOrEqual(30);
    await bench.put(device, cancelled(callId));
    await until(() => got(device).length === 2);
    const silent = got(device)[1];
    expect(silent).toMatchObject({
      priority: 'high',
      _contentAvailable: true,
      collapseId: ring?.collapseId,
      data: { id: `call:${callId}:${device.id}:2`, type: 'call.cancelled', reason: 'answered_elsewhere' },
    });
    expect(silent).not.toHaveProperty('title');
    expect(silent).not.toHaveProperty('sound');
    const taken = () => steps().filter(([, step]) => step === 'sent');
    await until(() => taken().length === 2);
    expect(taken()).toEqual([
      ['call.incoming', 'sent'],
      ['call.cancelled', 'sent'],
    ]);
    expect(expo.complaints).toEqual([]);
  });

  it('a missed call, a message, and in silence that it was read', async () => {
    const device = phone();
    await bench.put(device, missed(newCallId()), message(7));
    await until(() => got(device).length === 2);
    const sent = got(device);
    expect(sent.find(({ data }) => data.type === 'call.missed')).toMatchObject({
      title: 'Bob Smith',
      body: 'Missed video call',
      badge: 2,
    });
    expect(sent.find(({ data }) => data.type === 'message')).toMatchObject({
      title: 'Bob Smith',
      body: 'message 7',
      badge: 8,
      channelId: 'messages',
      data: { seq: 7, unread: 7 },
    });
    await bench.put(device, read(7));
    await until(() => got(device).length === 3);
    expect(got(device)[2]).toMatchObject({ badge: 0, priority: 'normal', _contentAvailable: true });
    expect(got(device)[2]).not.toHaveProperty('title');
    expect(expo.complaints).toEqual([]);
  });

  it('many in few requests, and never more than a hundred in one', async () => {
    const devices = Array.from({ length: 150 }, phone);
    await bench.sending.pushes.put(devices.map((device) => newPush(device, message(1))));
    await until(() => devices.every((device) => got(device).length > 0));
    expect(expo.largestBatch).toBeLessThanOrEqual(100);
    expect(expo.traffic.requests).toBeLessThan(40);
    expect(expo.traffic.mostInHand).toBeLessThanOrEqual(4);
    expect(devices.every((device) => got(device).length === 1)).toBe(true);
    expect(expo.complaints).toEqual([]);
  });

  it('a ring, though it hangs on messages', async () => {
    expo.misbehave = (types) => (types.includes('message') ? { kind: 'hang' } : undefined);
    const devices = Array.from({ length: 20 }, phone);
    for (const device of devices) await bench.put(device, message(1));
    await until(() => expo.traffic.inHand > 0);
    const last = phone();
    await bench.put(last, incoming());
    await until(() => got(last).length === 1);
    expect(expo.traffic.inHand).toBeGreaterThan(0);
  });
});

describe('what Expo answers', () => {
  it.each<[string, Misbehaviour]>([
    ['503', { kind: 'status', status: 503, body: 'oops' }],
    [
      '429',
      {
        kind: 'status',
        status: 429,
        headers: { 'retry-after': '1' },
        body: '{"errors":[{"code":"TOO_MANY_REQUESTS"}]}',
      },
    ],
    ['429 without a word', { kind: 'status', status: 429 }],
    ['nothing, breaking the connection', { kind: 'reset' }],
  ])('%s: tried again, and sent once', async (_what, how) => {
    firstTimes(1, how);
    const device = phone();
    await bench.put(device, incoming());
    await until(() => bench.told.some(({ step }) => step === 'sent'));
    expect(got(device)).toHaveLength(1);
    // Not by the library behind our back: one request failed, one was made after a pause.
    expect(expo.traffic.requests).toBe(2);
  });

  it.each<[string, Misbehaviour]>([
    ['nonsense', { kind: 'garbage' }],
    ['nothing, though it took it', { kind: 'lost' }],
  ])('%s: sent again with the same key', async (_what, how) => {
    firstTimes(1, how);
    const device = phone();
    await bench.put(device, incoming());
    await until(() => bench.told.some(({ step }) => step === 'sent'));
    expect(got(device)).toHaveLength(2);
    expect(new Set(got(device).map(({ data }) => data.id)).size).toBe(1);
  });

  it('429 with a wish: nothing is asked until then', async () => {
    firstTimes(1, { kind: 'status', status: 429, headers: { 'retry-after': '2' } });
    const device = phone();
    const began = performance.now();
    await bench.put(device, incoming());
    await bench.put(phone(), incoming());
    await until(() => got(device).length === 1);
    expect(performance.now() - began).toBeGreaterThan(1_900);
  });

  it('that the app is gone: the device goes, too', async () => {
    const [gone, there] = [phone(), phone()];
    expo.unregistered.add(tokenOf(gone));
    await bench.sending.pushes.put([newPush(gone, incoming()), newPush(there, incoming())]);
    await until(() => steps().some(([, step]) => step === 'failed') && got(there).length === 1);
    await until(() => !bench.devices.all.has(gone.id));
    expect(bench.devices.all.has(there.id)).toBe(true);
    expect(bench.told.find(({ target }) => target.id === gone.id)).toMatchObject({
      step: 'failed',
      detail: 'DeviceNotRegistered',
    });
  });

  it.each(['MessageTooBig', 'InvalidCredentials', 'SomethingNew'])('%s: given up at once', async (error) => {
    expo.refuse = () => error;
    const device = phone();
    await bench.put(device, incoming());
    await until(() => steps().length === 1);
    expect(steps()).toEqual([['call.incoming', 'failed', error]]);
    expect(bench.devices.all.has(device.id)).toBe(true);
    await until(() => bench.devices.pushedWith.get(device.id) === error);
  });

  it('MessageRateExceeded: tried again later', async () => {
    let times = 0;
    expo.refuse = () => (times++ === 0 ? 'MessageRateExceeded' : undefined);
    const device = phone();
    await bench.put(device, incoming());
    await until(() => got(device).length === 1);
    expect(times).toBe(2);
  });

  it('401: given up, for no later one would fare better', async () => {
    firstTimes(1, {
      kind: 'status',
      status: 401,
      body: '{"errors":[{"code":"UNAUTHORIZED","message":"no"}]}',
    });
    await bench.put(phone(), incoming());
    await until(() => steps().length === 1);
    expect(steps()).toEqual([['call.incoming', 'failed', 'UNAUTHORIZED']]);
  });

  it('nothing at all: the ring fails when it is over, and is not sent late', async () => {
    expo.misbehave = () => ({ kind: 'status', status: 500 });
    const device = phone();
    await bench.put(device, incoming(newCallId(), 1_500));
    await until(() => steps().length === 1);
    expect(steps()).toEqual([['call.incoming', 'failed', 'http_500']]);
    expo.misbehave = () => undefined;
    await bench.put(device, incoming(newCallId(), -1));
    await until(() => steps().length === 2);
    expect(steps()[1]).toEqual(['call.incoming', 'dropped', 'expired']);
    expect(got(device)).toEqual([]);
  });
});

describe('receipts', () => {
  it('tell that a push was delivered', async () => {
    const device = phone();
    await bench.put(device, incoming());
    await until(() => steps().some(([, step]) => step === 'delivered'));
    expect(steps()).toEqual([
      ['call.incoming', 'sent'],
      ['call.incoming', 'delivered'],
    ]);
    await until(
      async () => (await bench.mongo.connection.collection('push_receipts').countDocuments()) === 0,
    );
  });

  it('tell that the app is gone', async () => {
    const device = phone();
    const details = { error: 'DeviceNotRegistered' };
    expo.receipts.set(tokenOf(device), { status: 'error', message: 'gone', details });
    await bench.put(device, incoming());
    await until(() => !bench.devices.all.has(device.id));
    await until(() => steps().length === 2);
    expect(steps()[1]).toEqual(['call.incoming', 'failed', 'DeviceNotRegistered']);
  });

  it('that are not there yet are asked for again', async () => {
    const device = phone();
    expo.receipts.set(tokenOf(device), 'unknown');
    await bench.put(device, message(1));
    const receipts = bench.mongo.connection.collection('push_receipts');
    const later = await until(() =>
      receipts.findOne({ lease: { $exists: false }, dueAt: { $gt: new Date(Date.now() + 60_000) } }),
    );
    expo.receipts.delete(tokenOf(device));
    await receipts.updateOne({ _id: later._id }, { $set: { dueAt: new Date() } });
    await until(async () => (await receipts.countDocuments()) === 0);
  });
});
