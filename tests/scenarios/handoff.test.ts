import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { http } from '../harness/http.ts';
import { register, Stage } from '../harness/people.ts';
import type { SocketClient } from '../harness/socket-client.ts';
import { type Topology, topologies } from '../harness/topology.ts';

const sdp = (type: 'offer' | 'answer', of: string) => ({
  type,
  sdp: `v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=${of}\r\n`,
});
const candidate = (n: number) => ({
  candidate: `candidate:${n} 1 udp 2130706431 192.0.2.1 5000${n} typ host`,
  sdpMid: '0',
});

/** How bob's vocabulary says what happens in a call, and what alice's old device hears when the call moves away from it. */
const VOCABULARIES = {
  native: {
    rings: 'call.incoming',
    answer: (b: SocketClient) => b.ask('call.answer', { answer: sdp('answer', 'bob') }),
    offers: (b: SocketClient) =>
      b.log.next('call.signal', ({ signal }) => (signal as { kind: string }).kind === 'offer'),
    answerAnew: (b: SocketClient) =>
      b.ask('call.signal', { signal: { kind: 'answer', payload: sdp('answer', 'bob anew') } }),
    moved: 'call.moved',
    over: 'call.ended',
  },
  peer: {
    rings: 'incomingCall',
    answer: (b: SocketClient, alice: string) =>
      b.ask('answerCall', { targetUserId: alice, signalData: sdp('answer', 'bob') }),
    offers: (b: SocketClient) => b.log.next('incomingCall'),
    answerAnew: (b: SocketClient, alice: string) =>
      b.ask('answerCall', { targetUserId: alice, signalData: sdp('answer', 'bob anew') }),
    moved: undefined,
    over: 'callEnded',
  },
  rooms: {
    rings: 'incoming-call',
    answer: (b: SocketClient, alice: string) =>
      b.ask('accept-call', { to: alice, answer: sdp('answer', 'bob') }),
    offers: (b: SocketClient) => b.log.next('webrtc-offer'),
    answerAnew: (b: SocketClient, alice: string) =>
      b.ask('webrtc-answer', { to: alice, answer: sdp('answer', 'bob anew') }),
    moved: undefined,
    over: 'call-ended',
  },
} as const;

describe.each(topologies)('a call that moves between devices on $name', ({ start }) => {
  let topology: Topology;
  beforeAll(async () => {
    topology = await start();
  });
  afterAll(async () => {
    await topology?.[Symbol.asyncDispose]();
  });

  it.each(Object.keys(VOCABULARIES) as (keyof typeof VOCABULARIES)[])(
    'goes on with the other device, and a %s party negotiates with that',
    async (dialect) => {
      const says = VOCABULARIES[dialect];
      const [alice, bob] = await Promise.all([register(topology, 'alice'), register(topology, 'bob')]);
      await using stage = new Stage(topology);
      const phone = await stage.native(alice, 0);
      const desk = await stage.native(alice, 1);
      const b = await stage[dialect](bob, 0);
      const placed = await phone.ask('call.place', {
        to: { userId: bob.id },
        kind: 'video',
        offer: sdp('offer', 'phone'),
      });
      const { id: callId } = placed.call as { id: string };
      await b.log.next(says.rings);
      expect(await says.answer(b, alice.id)).toMatchObject({ ok: true });
      await phone.log.next('call.answered');

      const taken = await desk.ask('call.take', { callId });
      expect(taken).toMatchObject({ ok: true, call: { id: callId, phase: 'active' } });
      const offer = { kind: 'offer', payload: sdp('offer', 'desk') };
      expect(await desk.ask('call.signal', { signal: offer })).toMatchObject({ ok: true, relayed: true });
      expect(await phone.log.next('call.ended')).toMatchObject({ reason: 'moved', by: { id: alice.id } });
      if (says.moved) expect(await b.log.next(says.moved)).toMatchObject({ by: { id: alice.id } });
      expect(JSON.stringify(await says.offers(b))).toContain('s=desk');

      expect(await says.answerAnew(b, alice.id)).toMatchObject({ ok: true });
      const signal = (await desk.log.next('call.signal')).signal as {
        kind: string;
        payload: { sdp: string };
      };
      expect([signal.kind, signal.payload.sdp.includes('s=bob anew')]).toEqual(['answer', true]);
      // The phone is out of it: what it says is refused, and it hears nothing more.
      const late = { signal: { kind: 'candidate', payload: candidate(1) } };
      const refusal = async () =>
        ((await phone.ask('call.signal', { callId, ...late })).error as { code: string } | undefined)?.code;
      await expect.poll(refusal, { timeout: 30_000 }).toBe('PERMISSION_DENIED');
      phone.socket.close();
      expect(
        await desk.ask('call.signal', { signal: { kind: 'candidate', payload: candidate(2) } }),
      ).toMatchObject({
        ok: true,
        relayed: true,
      });
      expect(phone.log.count('call.signal')).toBe(0);
      expect(b.log.count(says.over)).toBe(0);

      expect((await desk.ask('call.end', {})).ok).toBe(true);
      await b.log.next(says.over);
      await expect
        .poll(
          async () => {
            const { body } = await http('GET', `${topology.url(1)}/api/v1/calls?limit=1`, {
              token: alice.token,
            });
            const [call] = body.calls;
            return [call?.id, call?.endReason, call?.callerDevice?.deviceId];
          },
          { timeout: 30_000 },
        )
        .toEqual([
          callId,
          'hangup',
          (taken.call as { callerDevice: { deviceId: string } }).callerDevice.deviceId,
        ]);
    },
  );

  it('goes to one of two devices that take it at once, on different nodes', async () => {
    const [alice, bob] = await Promise.all([register(topology, 'alice'), register(topology, 'bob')]);
    await using stage = new Stage(topology);
    const a = await stage.native(alice, 0);
    const [phone, tablet, desk] = [
      await stage.native(bob, 0),
      await stage.native(bob, 0),
      await stage.native(bob, 1),
    ];
    const placed = await a.ask('call.place', { to: { userId: bob.id }, kind: 'voice' });
    const { id: callId } = placed.call as { id: string };
    await Promise.all([phone, tablet, desk].map((device) => device.log.next('call.incoming')));
    expect((await phone.ask('call.answer', {})).ok).toBe(true);
    await a.log.next('call.answered');

    const takers = [tablet, desk];
    const replies = await Promise.all(takers.map((device) => device.ask('call.take', { callId })));
    const own = async (device: SocketClient) =>
      (await device.ask('call.signal', { signal: { kind: 'candidate', payload: candidate(1) } })).ok;
    // A node may hear a moment later that its device has lost the seat.
    let seated: unknown[] = [];
    const seats = async () => {
      seated = await Promise.all(takers.map(own));
      return seated.filter(Boolean).length;
    };
    await expect.poll(seats, { timeout: 30_000 }).toBe(1);
    // The second may have come when the first had it already, and taken it from that one: then it is the second's.
    expect(replies.map((reply) => reply.ok)).toEqual([true, true]);
    expect(await phone.log.next('call.ended')).toMatchObject({ reason: 'moved' });
    const winner = takers[seated.indexOf(true)];
    expect((await winner?.ask('call.end', {}))?.ok).toBe(true);
    await a.log.next('call.ended');
  });
});
