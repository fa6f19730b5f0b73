import { randomUUID } from 'node:crypto';
import { type BusEvent, CallId } from '@switchboard/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  byId,
  type CallCluster,
  codeOf,
  createCallCluster,
  good,
  jitsiPlace,
  place,
  until,
} from '../testing/call-cluster.ts';

let cluster: CallCluster;
let acknowledged: Extract<BusEvent, { type: 'call.acknowledged' }>[];
let listening: AsyncDisposable;

beforeEach(async () => {
  cluster = await createCallCluster({ nodes: 2 });
  acknowledged = [];
  listening = await cluster.bus.consume({ durable: 'acks', types: ['call.acknowledged'] }, async (event) => {
    if (event.type === 'call.acknowledged') acknowledged.push(event);
  });
});

afterEach(async () => {
  await cluster.quiet();
  await listening[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

const ack = (callId: CallId) => ({ type: 'call.ack', callId }) as const;

describe('a device says that it rings', () => {
  it('once, however often it says so and through whichever node', async () => {
    const alice = await cluster.connect(1);
    const bob = await cluster.connect(2, 'native', 0);
    const tab = await cluster.connect(2, 'native', 1);
    const { call } = good(await alice.send(place(2)));
    for (let n = 0; n < 3; n += 1) expect(good(await bob.send(ack(call.id)))).toEqual({});
    good(await tab.send(ack(call.id)));
    await until('both are known', () => acknowledged.length === 2);
    expect(
      acknowledged.map(({ callId, userId, device, sessionId }) => ({ callId, userId, device, sessionId })),
    ).toEqual(
      [bob, tab].map((device) => ({
        callId: call.id,
        userId: '2',
        device: { deviceId: device.deviceId, dialect: 'native' },
        sessionId: device.identity.sessionId,
      })),
    );
    good(await alice.send({ type: 'call.end', ref: byId(call.id) }));
    // Over, but it did ring there.
    good(await (await cluster.connect(2)).send(ack(call.id)));
    expect(acknowledged).toHaveLength(3);
  });

  it('only of a call that rings its user, in a vocabulary that can take it', async () => {
    const alice = await cluster.connect(1);
    const eve = await cluster.connect(3);
    const bob = await cluster.connect(2, 'jitsi');
    const phone = await cluster.connect(2, 'peer');
    const { call } = good(await alice.send(jitsiPlace(2)));
    expect(codeOf(await alice.send(ack(call.id)))).toBe('PERMISSION_DENIED');
    expect(codeOf(await eve.send(ack(call.id)))).toBe('PERMISSION_DENIED');
    expect(codeOf(await phone.send(ack(call.id)))).toBe('PERMISSION_DENIED');
    expect(codeOf(await bob.send(ack(CallId.parse(randomUUID()))))).toBe('CALL_NOT_FOUND');
    expect(codeOf(await bob.send(ack(call.id)))).toBe('ok');
    expect(acknowledged).toHaveLength(1);
    good(await alice.send({ type: 'call.end', ref: byId(call.id) }));
  });
});

describe('the session of the device that acted', () => {
  it('is named with its answer and its hang-up', async () => {
    const alice = await cluster.connect(1);
    const bob = await cluster.connect(2);
    await cluster.connect(2);
    const { call } = good(await alice.send(place(2)));
    good(await bob.send({ type: 'call.answer', ref: byId(call.id) }));
    good(await alice.send({ type: 'call.end', ref: byId(call.id) }));
    await until('it is over', () => cluster.eventsOf('call.ended').length === 1);
    expect(cluster.eventsOf('call.answered')[0]).toMatchObject({ sessionId: bob.identity.sessionId });
    expect(cluster.eventsOf('call.ended')[0]).toMatchObject({ sessionId: alice.identity.sessionId });
  });

  it('is named with a refusal, and with none where time ended the call', async () => {
    const alice = await cluster.connect(1);
    const bob = await cluster.connect(2);
    const { call } = good(await alice.send(place(2)));
    good(await bob.send({ type: 'call.reject', ref: byId(call.id), reason: 'rejected' }));
    await until('it is over', () => cluster.eventsOf('call.ended').length === 1);
    expect(cluster.eventsOf('call.ended')[0]).toMatchObject({ sessionId: bob.identity.sessionId });

    good(await alice.send(place(2)));
    await cluster.ban(1);
    await until('the next is over', () => cluster.eventsOf('call.ended').length === 2);
    expect(cluster.eventsOf('call.ended')[1]).not.toHaveProperty('sessionId');
  });
});
