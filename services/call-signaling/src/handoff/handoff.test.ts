import { type CallId, ok } from '@switchboard/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { deliverCallEvent } from '../deliver/call-events.ts';
import {
  byId,
  type CallCluster,
  CURRENT,
  candidate,
  codeOf,
  createCallCluster,
  good,
  jitsiPlace,
  offerFirst,
  place,
  type TestDevice,
  until,
} from '../testing/call-cluster.ts';
import { endWithoutLeaks } from '../testing/end-without-leaks.ts';

let cluster: CallCluster;

afterEach(() => endWithoutLeaks(cluster));

const sdp = (type: 'offer' | 'answer', text: string) => ({
  kind: type,
  payload: { type, sdp: text },
});
const take = (device: TestDevice, callId: CallId) => device.send({ type: 'call.take', callId });
const signalsOf = (device: TestDevice) => device.of('call.signal').map(({ signal }) => signal);

/** Alice talks to Bob, both on node 0; her other device is on node 1. */
async function talking(dialect: TestDevice['dialect'] = 'native', others: TestDevice['dialect'] = 'native') {
  cluster = await createCallCluster({ nodes: 2 });
  const phone = await cluster.connect(1, others, 0);
  const bob = await cluster.connect(2, dialect, 0);
  const desk = await cluster.connect(1, 'native', 1);
  const { call } = good(await phone.send(offerFirst(2)));
  good(await bob.send({ type: 'call.answer', ref: byId(call.id), answer: { type: 'answer', sdp: 'a' } }));
  await cluster.quiet();
  return { callId: call.id, phone, desk, bob };
}

describe('a call that another device of a party takes over', () => {
  it('goes on there: the old device is out of it, the other party hears so before the new offer', async () => {
    const { callId, phone, desk, bob } = await talking();
    const { call } = good(await take(desk, callId));
    expect(call).toMatchObject({ phase: 'active', callerDevice: { deviceId: desk.deviceId } });
    const offer = sdp('offer', 'from the desk');
    expect(good(await desk.send({ type: 'call.signal', ref: CURRENT, signal: offer }))).toEqual({
      relayed: true,
    });
    await until('bob has the offer', () => signalsOf(bob).length === 1);
    const heard = bob.received.map(({ type }) => type);
    expect(heard.indexOf('call.moved')).toBeLessThan(heard.indexOf('call.signal'));
    expect(heard).toContain('call.moved');
    expect(bob.of('call.moved')[0]).toMatchObject({
      by: { id: '1' },
      device: { deviceId: desk.deviceId, dialect: 'native' },
      call: { id: callId, callerDevice: { deviceId: desk.deviceId } },
    });
    await until('the phone is told', () => phone.of('call.ended').length === 1);
    expect(phone.of('call.ended')[0]).toMatchObject({ reason: 'moved', by: { id: '1' } });

    // What comes from the old device goes nowhere, and what the other party sends does not go to it.
    expect(codeOf(await phone.send(candidate({ late: true })))).toBe('PERMISSION_DENIED');
    const answer = sdp('answer', 'from bob');
    good(await bob.send({ type: 'call.signal', ref: CURRENT, signal: answer }));
    good(await bob.send(candidate({ c: 1 })));
    await until('the desk has both', () => signalsOf(desk).length === 2);
    await cluster.quiet();
    expect(signalsOf(phone)).toEqual([]);
    expect(signalsOf(bob)).toEqual([offer]);
    expect([bob.of('call.ended'), desk.of('call.ended'), bob.of('call.peer')]).toEqual([[], [], []]);

    // Nor is its going away the end of anything.
    await phone.leave();
    good(await desk.send({ type: 'call.end', ref: CURRENT }));
    await until('bob hears the end', () => bob.of('call.ended').length === 1);
    await cluster.quiet();
    expect(cluster.events.map(({ type }) => type)).toEqual([
      'call.ringing',
      'call.answered',
      'call.moved',
      'call.ended',
    ]);
    expect(cluster.events.at(-1)?.call).toMatchObject({
      callerDevice: { deviceId: desk.deviceId },
      answerDevice: { deviceId: bob.deviceId },
      endReason: 'hangup',
    });
  });

  it.each(['peer', 'rooms', 'expo'] as const)(
    'is to another party of %s the offer of the new device, and no more',
    async (dialect) => {
      const { callId, phone, desk, bob } = await talking(dialect, dialect);
      good(await take(desk, callId));
      const offer = sdp('offer', 'from the desk');
      good(await desk.send({ type: 'call.signal', ref: CURRENT, signal: offer }));
      await until('bob has the offer', () => signalsOf(bob).length === 1);
      await until('the phone is told', () => phone.of('call.ended').length === 1);
      expect(bob.of('call.signal')[0]).toMatchObject({ from: { id: '1' }, signal: offer });
      const signal = sdp('answer', 'from bob');
      good(await bob.send({ type: 'call.signal', ref: CURRENT, signal }));
      await until('the desk has the answer', () => signalsOf(desk).length === 1);
      good(await bob.send({ type: 'call.end', ref: CURRENT }));
      await until('the desk hears the end', () => desk.of('call.ended').length === 1);
    },
  );

  it('goes to one of two that take it at once, and the other is told which', async () => {
    const { callId, phone, desk, bob } = await talking();
    for (const node of [1, 0]) {
      const tablet = await cluster.connect(1, 'native', node);
      const watch = await cluster.connect(1, 'native', 1);
      const taken = await Promise.all([take(tablet, callId), take(watch, callId)]);
      const seats = taken.map((result) => good(result).call.callerDevice.deviceId);
      expect(seats[0]).toBe(seats[1]);
      const [winner, loser] = seats[0] === tablet.deviceId ? [tablet, watch] : [watch, tablet];
      expect(seats[0]).toBe(winner.deviceId);
      expect(good(await winner.send(candidate({ node })))).toEqual({ relayed: true });
      expect(codeOf(await loser.send(candidate({ node })))).toBe('PERMISSION_DENIED');
      expect(loser.of('call.ended')).toEqual([]);
    }
    // Once more is no more than once, and who saw the other one there may take it again.
    good(await take(desk, callId));
    good(await take(desk, callId));
    await cluster.quiet();
    expect(cluster.eventsOf('call.moved')).toHaveLength(3);
    expect(phone.of('call.ended')).toHaveLength(1);
    good(await bob.send({ type: 'call.end', ref: CURRENT }));
  });

  it('that was taken back is not over for the device that has it, however late it is told of the first move', async () => {
    const { callId, phone, desk, bob } = await talking();
    good(await take(desk, callId));
    await until('the phone is told', () => phone.of('call.ended').length === 1);
    good(await take(phone, callId));
    await until('the desk is told', () => desk.of('call.ended').length === 1);
    await cluster.quiet();
    const told = bob.of('call.moved').length;
    const [first] = cluster.eventsOf('call.moved');
    const context = cluster.nodes[0]?.context;
    if (!first || !context) throw new Error('nothing moved');
    await deliverCallEvent(first, context);
    await cluster.quiet();
    expect(phone.of('call.ended')).toHaveLength(1);
    // Whatever is told again is as it is now.
    for (const { device } of bob.of('call.moved').slice(told)) expect(device.deviceId).toBe(phone.deviceId);
    good(await bob.send({ type: 'call.end', ref: CURRENT }));
  });

  it('is told to a party that was away meanwhile when that comes back', async () => {
    const { callId, desk, bob } = await talking();
    await bob.leave();
    await until(
      'bob is missed',
      async () => (await cluster.stateOf(callId))?.state.answerSeat?.lost === true,
    );
    good(await take(desk, callId));
    await cluster.quiet();
    const again = await cluster.connect(2, 'native', 1);
    await until('bob is back and told', () => again.of('call.moved').length > 0);
    expect(again.of('call.moved')[0]).toMatchObject({ device: { deviceId: desk.deviceId } });
    good(await again.send({ type: 'call.end', ref: CURRENT }));
  });

  it('from a device that is away ends its absence', async () => {
    const { callId, phone, desk, bob } = await talking();
    await phone.leave();
    await until('bob hears that she is away', () => bob.of('call.peer').length === 1);
    good(await take(desk, callId));
    await until('bob hears where she is', () => bob.of('call.moved').length > 0);
    expect((await cluster.stateOf(callId))?.state.callerSeat.awayUntil).toBeUndefined();
    good(await desk.send({ type: 'call.end', ref: CURRENT }));
  });

  it('is moved also when the node that did it dies before it could say so', async () => {
    const { callId, phone, desk, bob } = await talking();
    const node = cluster.nodes[1];
    node?.crashOn('notify');
    void take(desk, callId);
    await until('it is stored', async () => (await cluster.stateOf(callId))?.state.movedBy !== undefined);
    await until('bob is told', () => bob.of('call.moved').length > 0, 10_000);
    await until('the phone is told', () => phone.of('call.ended').length === 1);
    good(await bob.send({ type: 'call.end', ref: CURRENT }));
  });

  it('over Jitsi needs no offer', async () => {
    cluster = await createCallCluster();
    const [alice, bob, desk] = [
      await cluster.connect(1, 'jitsi'),
      await cluster.connect(2, 'native'),
      await cluster.connect(2, 'native'),
    ];
    const { call } = good(await alice.send(jitsiPlace(2)));
    good(await bob.send({ type: 'call.answer', ref: byId(call.id) }));
    expect(good(await take(desk, call.id)).call.answerDevice?.deviceId).toBe(desk.deviceId);
    await until('the old device is told', () => bob.of('call.ended').length === 1);
    good(await alice.send({ type: 'call.end', ref: CURRENT }));
    await until('the new one hears the end', () => desk.of('call.ended').length === 1);
  });
});

describe('a call cannot be taken over', () => {
  it('while it rings, by strangers, by callees who did not answer, nor when it is over', async () => {
    cluster = await createCallCluster();
    const [phone, desk, bob, stranger] = [
      await cluster.connect(1),
      await cluster.connect(1),
      await cluster.connect(2),
      await cluster.connect(9),
    ];
    const { call } = good(await phone.send(place(2)));
    expect(codeOf(await take(desk, call.id))).toBe('INVALID_DATA');
    expect(codeOf(await take(bob, call.id))).toBe('INVALID_DATA');
    expect(codeOf(await take(stranger, call.id))).toBe('PERMISSION_DENIED');
    good(await bob.send({ type: 'call.answer', ref: CURRENT }));
    expect(codeOf(await take(stranger, call.id))).toBe('PERMISSION_DENIED');
    expect(await take(phone, call.id)).toMatchObject(
      ok({ call: { callerDevice: { deviceId: phone.deviceId } } }),
    );
    good(await bob.send({ type: 'call.end', ref: CURRENT }));
    expect(codeOf(await take(desk, call.id))).toBe('CALL_NOT_FOUND');
    expect(cluster.eventsOf('call.moved')).toEqual([]);
  });

  it('by a device that cannot take part in its media', async () => {
    const { callId, bob } = await talking('peer', 'peer');
    const other = await cluster.connect(1, 'jitsi', 1);
    expect(codeOf(await take(other, callId))).toBe('PERMISSION_DENIED');
    good(await bob.send({ type: 'call.end', ref: CURRENT }));
  });
});
