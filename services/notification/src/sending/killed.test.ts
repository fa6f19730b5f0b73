import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import { connectMongo, createLogger, type MongoHandle, systemClock } from '@switchboard/service-kit';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { addressKey } from '../devices/device-address.ts';
import type { DeviceAddress, StoredDevice } from '../devices/device-store.ts';
import { openDevices } from '../store/open-devices.ts';
import { type PushDoc, pushModel } from '../store/push-model.ts';
import { createPushStore } from '../store/push-store.ts';
import { JWT_SECRET } from '../testing/accounts.ts';
import { eventually } from '../testing/eventually.ts';
import { type ExpoStandIn, startExpoStandIn } from '../testing/expo-stand-in.ts';
import { expoToken } from '../testing/push-subscription.ts';
import { DeviceShelf, message, newPush } from '../testing/sending-bench.ts';
import { startWebPushStandIn, type WebPushStandIn } from '../testing/web-push-stand-in.ts';
import { createPushes } from './create-pushes.ts';

const PROGRAM = fileURLToPath(new URL('../testing/notification-process.fixture.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const START_MS = 90_000;
/** Beyond the end of a dead worker's lease. */
const ALL_SENT_MS = 150_000;
const BROWSERS = 120;
const PHONES = 60;

const logger = createLogger({ level: 'silent', service: 'notification', nodeId: 'test' });
let database: TestMongo;
let mongo: MongoHandle;
let browsers: WebPushStandIn;
let expo: ExpoStandIn;
let child: ChildProcess | undefined;

beforeAll(async () => {
  database = await startTestMongo();
  mongo = await connectMongo(database.url, { logger, appName: 'test' });
  browsers = await startWebPushStandIn();
  expo = await startExpoStandIn();
});
afterEach(() => kill());
afterAll(async () => {
  await browsers?.[Symbol.asyncDispose]();
  await expo?.[Symbol.asyncDispose]();
  await mongo?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

async function launch(): Promise<void> {
  const started = spawn(process.execPath, ['--conditions=development', '--import', 'tsx', PROGRAM], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      JWT_SECRET,
      MONGO_URL: database.url,
      EXPO_BASE_URL: expo.url,
      WEBHOOK_ALLOW_PRIVATE: 'true',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  let said = '';
  for (const out of [started.stdout, started.stderr]) {
    out.on('data', (chunk: Buffer) => {
      said += String(chunk);
    });
  }
  await eventually(() => {
    if (started.exitCode !== null) throw new Error(`it ended: ${said}`);
    return said.includes('ready');
  }, START_MS);
}

async function kill(): Promise<void> {
  const dying = child;
  child = undefined;
  if (!dying || dying.exitCode !== null || dying.signalCode !== null) return;
  const gone = once(dying, 'exit');
  dying.kill('SIGKILL');
  await gone;
}

/** Keys of everything that a device got, in order. */
function keysOf({ address }: StoredDevice): string[] {
  if (address.kind === 'expo') return expo.got(address.token).map(({ data }) => String(data.id));
  return address.kind === 'web-push' ? (gotBy.get(address.endpoint)?.() ?? []) : [];
}
const gotBy = new Map<string, () => string[]>();

it('killed in the midst of sending: what was recorded as sent is not sent again, all the rest is, and what was in flight has its key', async () => {
  const { devices } = await openDevices(mongo);
  const shelf = new DeviceShelf();
  const register = async (address: DeviceAddress): Promise<StoredDevice> => {
    const device = shelf.add(address);
    await devices.insert(device, addressKey(address, device.sessionId));
    await devices.confirm(device.id, new Date());
    return device;
  };
  const all: StoredDevice[] = [];
  for (let n = 0; n < BROWSERS; n++) {
    const browser = browsers.subscribe();
    gotBy.set(browser.subscription.endpoint, () => browser.got.map(({ payload }) => payload.id));
    all.push(await register({ kind: 'web-push', ...browser.subscription }));
  }
  for (let n = 0; n < PHONES; n++) all.push(await register({ kind: 'expo', token: expoToken() }));

  // Slow enough for the death to find much of it in flight; what the dead one asked for is taken all the same.
  browsers.misbehave = () => ({ kind: 'slow', ms: 200 });
  expo.misbehave = () => ({ kind: 'slow', ms: 200 });
  await launch();
  const pushes = createPushes({
    store: createPushStore(pushModel(mongo.connection)),
    clock: systemClock,
    onPut: () => undefined,
  });
  await pushes.put(all.map((device) => newPush(device, message(1))));
  const got = () => all.filter((device) => keysOf(device).length > 0).length;
  await eventually(() => got() > 40 && browsers.traffic.inHand > 0, ALL_SENT_MS);
  await kill();

  const slots = await mongo.connection.collection<PushDoc>('pushes').find().toArray();
  const recorded = new Set(slots.filter(({ sentRev }) => sentRev !== undefined).map((slot) => slot.deviceId));
  const inHand = new Set(slots.filter(({ lease }) => lease !== undefined).map((slot) => slot.deviceId));
  // Otherwise it shows nothing.
  expect(recorded.size).toBeGreaterThan(0);
  expect(inHand.size).toBeGreaterThan(0);
  expect(got()).toBeLessThan(all.length);

  await launch();
  await eventually(() => got() === all.length, ALL_SENT_MS);
  await eventually(
    async () =>
      (await mongo.connection.collection('pushes').countDocuments({ dueAt: { $exists: true } })) === 0,
    ALL_SENT_MS,
  );
  const repeated = all.filter((device) => keysOf(device).length > 1);
  expect(repeated.filter(({ id }) => recorded.has(id))).toEqual([]);
  expect(repeated.filter(({ id }) => !inHand.has(id))).toEqual([]);
  for (const device of all) expect(new Set(keysOf(device))).toEqual(new Set([`chat:d:1:2:${device.id}:1`]));
  expect([...browsers.complaints, ...expo.complaints]).toEqual([]);
}, 480_000);
