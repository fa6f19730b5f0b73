import { randomBytes } from 'node:crypto';
import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { incoming, newCallId, type SendingBench, startSendingBench } from '../testing/sending-bench.ts';
import { type Misbehaviour, type StandIn, type StandInRequest, startStandIn } from '../testing/stand-in.ts';

const secret = `whsec_${randomBytes(32).toString('base64')}`;
let database: TestMongo;
let bench: SendingBench;
let gateway: StandIn;
const heard: StandInRequest[] = [];
let misbehave: () => Misbehaviour | undefined = () => undefined;

beforeAll(async () => {
  database = await startTestMongo();
  bench = await startSendingBench({ mongoUrl: database.url });
  gateway = await startStandIn({
    misbehave: () => misbehave(),
    take(request) {
      heard.push(request);
      return { status: 204 };
    },
  });
});
afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
  await gateway?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

const until = <T>(condition: () => T | Promise<T>) => eventually(condition, 30_000);

it('gets what was put, signed, with the idempotency key as its id; and again with the same after a failure', async () => {
  let left = 1;
  misbehave = () => (left-- > 0 ? { kind: 'lost' } : undefined);
  const device = bench.devices.add({ kind: 'webhook', url: `${gateway.url}/push?app=1`, secret });
  const callId = newCallId();
  await bench.put(device, incoming(callId));
  await until(() => bench.told.some(({ step }) => step === 'sent'));
  expect(heard).toHaveLength(2);
  for (const { path, headers, body } of heard) {
    expect(path).toBe('/push?app=1');
    const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
    const signed = Object.fromEntries(names.map((name) => [name, String(headers[name])]));
    expect(new Webhook(secret).verify(body.toString(), signed)).toMatchObject({
      type: 'push.call.incoming',
      data: { deviceId: device.id, title: 'Bob Smith', content: { callId } },
    });
    expect(headers['webhook-id']).toBe(`call:${callId}:${device.id}:1`);
  }
});

it('that is gone for good goes', async () => {
  misbehave = () => ({ kind: 'status', status: 410 });
  const device = bench.devices.add({ kind: 'webhook', url: gateway.url, secret });
  await bench.put(device, incoming());
  await until(() => !bench.devices.all.has(device.id));
});

it('is asked nothing when it leads to where nobody may be asked', async () => {
  misbehave = () => undefined;
  const guarded = await startSendingBench({
    mongoUrl: database.database(),
    env: { WEBHOOK_ALLOW_PRIVATE: 'false' },
  });
  const before = gateway.requests;
  const device = guarded.devices.add({ kind: 'webhook', url: gateway.url, secret });
  await guarded.put(device, incoming());
  await until(() => guarded.told.length === 1);
  expect(guarded.told).toMatchObject([{ step: 'failed', detail: 'refused' }]);
  expect(gateway.requests).toBe(before);
  await guarded[Symbol.asyncDispose]();
});
