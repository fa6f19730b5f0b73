import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import webPush from 'web-push';
import type { StoredDevice } from '../devices/device-store.ts';
import { eventually } from '../testing/eventually.ts';
import {
  cancelled,
  incoming,
  message,
  missed,
  newCallId,
  read,
  type SendingBench,
  startSendingBench,
} from '../testing/sending-bench.ts';
import type { Misbehaviour } from '../testing/stand-in.ts';
import { type Browser, startWebPushStandIn, type WebPushStandIn } from '../testing/web-push-stand-in.ts';

const PATIENCE_MS = 30_000;

let database: TestMongo;
let service: WebPushStandIn;
let bench: SendingBench;

beforeAll(async () => {
  database = await startTestMongo();
});
afterAll(() => database?.[Symbol.asyncDispose]());
beforeEach(async () => {
  service = await startWebPushStandIn();
  bench = await startSendingBench({ mongoUrl: database.database() });
});
afterEach(async () => {
  await bench?.[Symbol.asyncDispose]();
  await service?.[Symbol.asyncDispose]();
});

function subscribed(): { readonly browser: Browser; readonly device: StoredDevice } {
  const browser = service.subscribe(bench.sending.webPushKey);
  return { browser, device: bench.devices.add({ kind: 'web-push', ...browser.subscription }) };
}
const until = <T>(condition: () => T | Promise<T>) => eventually(condition, PATIENCE_MS);
const steps = () =>
  bench.told.map(({ content, step, detail }) => [content, step, ...(detail ? [detail] : [])]);
const types = ({ got }: Browser) => got.map(({ payload }) => payload.data.type);
function firstTimes(times: number, how: Misbehaviour): void {
  let left = times;
  service.misbehave = () => (left-- > 0 ? how : undefined);
}

describe('what a browser decrypts', () => {
  it('is what was put, signed by the key that it subscribed to, with a time to live, a topic and an urgency', async () => {
    const { browser, device } = subscribed();
    const callId = newCallId();
    await bench.put(device, incoming(callId));
    await until(() => browser.got.length === 1);
    await bench.put(device, cancelled(callId));
    await until(() => browser.got.length === 2);
    await bench.put(device, message(3, 'd:1:2', 'Grüße 👋 $x'));
    await until(() => browser.got.length === 3);
    await bench.put(device, read(3));
    await until(() => browser.got.length === 4);
    await bench.put(device, missed(newCallId()));
    await until(() => browser.got.length === 5);

    const [ring, stop, text, seen, miss] = browser.got;
    expect(ring).toMatchObject({
      urgency: 'high',
      payload: {
        id: `call:${callId}:${device.id}:1`,
        title: 'Bob Smith',
        body: 'Incoming video call',
        data: { type: 'call.incoming', callId },
      },
    });
    expect(ring?.ttl).toBeGreaterThan(0);
    expect(ring?.ttl).toBeLessThanOrEqual(30);
    expect(ring?.topic).toMatch(/^[\w-]{32}$/);
    expect(stop).toMatchObject({ urgency: 'high', topic: ring?.topic, payload: { tag: ring?.topic } });
    expect(stop?.payload).not.toHaveProperty('title');
    expect(text).toMatchObject({ urgency: 'normal', ttl: 259_200, payload: { body: 'Grüße 👋 $x' } });
    expect(text?.topic).not.toBe(ring?.topic);
    expect(seen).toMatchObject({ urgency: 'low', topic: text?.topic, payload: { data: { upToSeq: 3 } } });
    expect(miss).toMatchObject({ urgency: 'high', payload: { body: 'Missed video call' } });
    expect(service.complaints).toEqual([]);
  });

  it('fits, whatever the text', async () => {
    const { browser, device } = subscribed();
    await bench.put(device, message(1, 'd:1:2', '👩‍👩‍👧‍👦'.repeat(200)));
    await until(() => browser.got.length === 1);
    expect(browser.got[0]?.payload.data).not.toHaveProperty('preview');
    expect(service.complaints).toEqual([]);
  });
});

describe('what a push service answers', () => {
  it.each([404, 410])('%i: the subscription goes', async (status) => {
    const { device } = subscribed();
    service.misbehave = () => ({ kind: 'status', status });
    await bench.put(device, incoming());
    await until(() => !bench.devices.all.has(device.id));
    await until(() => steps().length === 1);
    expect(steps()).toEqual([['call.incoming', 'failed', `http_${status}`]]);
  });

  it.each([400, 403, 413, 302])('%i: given up at once', async (status) => {
    const { browser, device } = subscribed();
    firstTimes(1, { kind: 'status', status, headers: { location: `${service.url}/push/elsewhere` } });
    await bench.put(device, incoming());
    await until(() => steps().length === 1);
    expect(steps()).toEqual([['call.incoming', 'failed', `http_${status}`]]);
    expect(bench.devices.all.has(device.id)).toBe(true);
    expect(browser.got).toEqual([]);
    expect(service.traffic.requests).toBe(1);
  });

  it.each<[string, Misbehaviour]>([
    ['500', { kind: 'status', status: 500 }],
    ['429', { kind: 'status', status: 429, headers: { 'retry-after': '1' } }],
    [
      '503 with a date',
      { kind: 'status', status: 503, headers: { 'retry-after': new Date().toUTCString() } },
    ],
    ['nothing', { kind: 'reset' }],
  ])('%s: tried again', async (_what, how) => {
    const { browser, device } = subscribed();
    firstTimes(2, how);
    await bench.put(device, incoming());
    await until(() => steps().some(([, step]) => step === 'sent'));
    expect(types(browser)).toEqual(['call.incoming']);
  });

  it('nothing, though it took it: sent again with the same key', async () => {
    const { browser, device } = subscribed();
    firstTimes(1, { kind: 'lost' });
    await bench.put(device, incoming());
    await until(() => steps().some(([, step]) => step === 'sent'));
    expect(browser.got).toHaveLength(2);
    expect(new Set(browser.got.map(({ payload }) => payload.id)).size).toBe(1);
  });
});

describe('who may not be told any more', () => {
  it.each<[string, (device: StoredDevice) => void]>([
    ['gone', ({ id }) => bench.devices.all.delete(id)],
    [
      'another user’s',
      (device) =>
        bench.devices.all.set(device.id, {
          ...device,
          userId: device.userId.replace('1', '9') as StoredDevice['userId'],
        }),
    ],
  ])('a device that is %s', async (_what, change) => {
    const { browser, device } = subscribed();
    change(device);
    await bench.put(device, incoming());
    await until(() => steps().length === 1);
    expect(steps()).toEqual([['call.incoming', 'dropped', 'device_gone']]);
    expect(browser.got).toEqual([]);
  });
});

describe('the keys', () => {
  it('are made once for all that start at once, and kept', async () => {
    const mongoUrl = database.database();
    const several = await Promise.all(Array.from({ length: 4 }, () => startSendingBench({ mongoUrl })));
    const keys = several.map(({ sending }) => sending.webPushKey);
    for (const each of several) await each[Symbol.asyncDispose]();
    const later = await startSendingBench({ mongoUrl });
    expect(new Set([...keys, later.sending.webPushKey]).size).toBe(1);
    await later[Symbol.asyncDispose]();
  });

  it('may be configured, both of them, when they belong together', async () => {
    const mongoUrl = database.database();
    const { publicKey, privateKey } = webPush.generateVAPIDKeys();
    const env = { VAPID_PUBLIC_KEY: publicKey, VAPID_PRIVATE_KEY: privateKey };
    const configured = await startSendingBench({ mongoUrl, env });
    expect(configured.sending.webPushKey).toBe(publicKey);
    await configured[Symbol.asyncDispose]();
    const { publicKey: other } = webPush.generateVAPIDKeys();
    const wrong = [
      { VAPID_PUBLIC_KEY: publicKey },
      { VAPID_PRIVATE_KEY: privateKey },
      { VAPID_PUBLIC_KEY: other, VAPID_PRIVATE_KEY: privateKey },
      { VAPID_SUBJECT: 'somebody' },
    ];
    for (const bad of wrong) {
      await expect(startSendingBench({ mongoUrl, env: bad })).rejects.toThrow(/VAPID_/);
    }
  });
});
