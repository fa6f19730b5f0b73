import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { http } from '../harness/http.ts';
import { register, Stage } from '../harness/people.ts';
import { type Topology, topologies } from '../harness/topology.ts';

const offer = { type: 'offer', sdp: 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n' };
const answer = { type: 'answer', sdp: 'v=0\r\no=- 3 4 IN IP4 127.0.0.1\r\n' };
const candidate = (n: number) => ({
  candidate: `candidate:${n} 1 udp 2130706431 192.0.2.1 5000${n} typ host`,
  sdpMid: '0',
});

describe.each(topologies)('calls on $name', ({ start }) => {
  let topology: Topology;
  beforeAll(async () => {
    topology = await start();
  });
  afterAll(async () => {
    await topology?.[Symbol.asyncDispose]();
  });

  const pair = async () => {
    const [alice, bob] = await Promise.all([register(topology, 'alice'), register(topology, 'bob')]);
    return { alice, bob };
  };

  it('peer: log in, users, call, answer, candidates both ways, hang up', async () => {
    const { alice, bob } = await pair();
    await using stage = new Stage(topology);
    const login = await http('POST', `${topology.url(0)}/auth/login`, {
      body: { username: alice.username, password: alice.password },
    });
    expect(login.status).toBe(200);
    const a = await stage.peer({ ...alice, token: login.body.accessToken }, 0);
    const b = await stage.peer(bob, 1);
    const users = await a.log.next(
      'users',
      (list) => Array.isArray(list) && list.some((user) => user.id === bob.id),
    );
    expect((users as unknown as Array<{ id: string }>).filter((user) => user.id === bob.id)).toHaveLength(1);

    a.send('callUser', { targetUserId: bob.id, signalData: offer });
    a.send('iceCandidate', { targetUserId: bob.id, candidate: candidate(1) });
    expect(await b.log.next('incomingCall')).toMatchObject({
      from: alice.id,
      username: alice.username,
      signalData: offer,
    });
    b.send('answerCall', { targetUserId: alice.id, signalData: answer });
    expect(await a.log.next('callAccepted')).toMatchObject({ from: bob.id, signalData: answer });
    expect(await a.log.next('callAnswered')).toMatchObject({ from: bob.id, signalData: answer });
    // Sent while it rang, kept for the device that answered.
    expect(await b.log.next('iceCandidate')).toMatchObject({ from: alice.id, candidate: candidate(1) });
    b.send('iceCandidate', { targetUserId: alice.id, candidate: candidate(2) });
    expect(await a.log.next('iceCandidate')).toMatchObject({ from: bob.id, candidate: candidate(2) });
    a.send('endCall', { targetUserId: bob.id });
    expect(await b.log.next('callEnded')).toMatchObject({ from: alice.id });
    expect(a.log.count('callEnded')).toBe(0);
  });

  it('jitsi: join, video call, accept, end on both sides', async () => {
    const { alice, bob } = await pair();
    await using stage = new Stage(topology);
    const a = await stage.jitsi(alice, 0);
    const b = await stage.jitsi(bob, 1);
    a.send('call:initiate', { to: bob.id, callType: 'video' });
    const placed = await a.log.next('call:initiated');
    expect(placed).toMatchObject({ from: alice.id, to: bob.id, type: 'video', status: 'ringing' });
    expect(placed.roomName).toBe(`call_${placed.id as string}`);
    const ring = await b.log.next('call:incoming');
    expect(ring).toMatchObject({ id: placed.id, fromName: 'alice', to: bob.id, type: 'video' });
    expect(ring.jitsi).toMatchObject({ domain: 'meet.example.test', roomName: placed.roomName });
    b.send('call:respond', { callId: placed.id, response: 'accept', to: alice.id });
    expect(await a.log.next('call:accepted')).toMatchObject({ callId: placed.id, by: bob.id });
    b.send('call:end', { callId: placed.id, to: alice.id });
    for (const side of [a, b]) {
      expect(await side.log.next('call:ended')).toMatchObject({
        callId: placed.id,
        by: bob.id,
        reason: 'user_ended',
      });
    }
  });

  it('rings every device; the first answer wins and the others hear that it was answered elsewhere', async () => {
    const { alice, bob } = await pair();
    await using stage = new Stage(topology);
    const a = await stage.native(alice, 0);
    const [phone, tablet, old] = [
      await stage.native(bob, 0),
      await stage.native(bob, 1),
      await stage.peer(bob, 1),
    ];
    const placed = await a.ask('call.place', { to: { userId: bob.id }, kind: 'video', offer });
    expect(placed.ok).toBe(true);
    await Promise.all([
      phone.log.next('call.incoming'),
      tablet.log.next('call.incoming'),
      old.log.next('incomingCall'),
    ]);
    const replies = await Promise.all([
      phone.ask('call.answer', { answer }),
      tablet.ask('call.answer', { answer }),
    ]);
    expect(replies.filter((reply) => reply.ok)).toHaveLength(1);
    const loser = replies[0]?.ok ? tablet : phone;
    expect(await loser.log.next('call.ended')).toMatchObject({ reason: 'answered_elsewhere' });
    expect(await old.log.next('callEnded')).toMatchObject({ from: alice.id });
    await a.log.next('call.answered');
    expect(a.log.count('call.answered')).toBe(1);
    expect((await a.ask('call.end', {})).ok).toBe(true);
  });

  it('busy: a third caller is told, the two hear nothing', async () => {
    const { alice, bob } = await pair();
    const carol = await register(topology, 'carol');
    await using stage = new Stage(topology);
    const [a, b, c] = [await stage.jitsi(alice, 0), await stage.jitsi(bob, 1), await stage.jitsi(carol, 0)];
    a.send('call:initiate', { to: bob.id, callType: 'voice' });
    const { id } = await b.log.next('call:incoming');
    b.send('call:respond', { callId: id, response: 'accept' });
    await a.log.next('call:accepted');
    c.send('call:initiate', { to: bob.id, callType: 'voice' });
    expect(await c.log.next('call:failed')).toMatchObject({ reason: 'user_busy' });
    a.send('call:initiate', { to: carol.id, callType: 'voice' });
    expect(await a.log.next('error')).toMatchObject({ code: 'CALL_IN_PROGRESS' });
    expect(b.log.count('call:incoming')).toBe(1);
    expect(c.log.count('call:incoming')).toBe(0);
    a.send('call:end', { callId: id });
    await b.log.next('call:ended');
    // Free again.
    c.send('call:initiate', { to: bob.id, callType: 'voice' });
    await b.log.next('call:incoming');
  });

  it('nobody answers: both hear of it after the ring time and are free again', async () => {
    const { alice, bob } = await pair();
    await using stage = new Stage(topology);
    const [a, b] = [await stage.peer(alice, 0), await stage.peer(bob, 1)];
    for (let round = 0; round < 2; round += 1) {
      a.send('callUser', { targetUserId: bob.id, signalData: offer });
      await b.log.next('incomingCall');
      expect(await a.log.next('callRejected')).toMatchObject({ from: bob.id, reason: 'timeout' });
      expect(await b.log.next('callEnded')).toMatchObject({ from: alice.id });
    }
  });

  it('nobody there: the caller is told at once', async () => {
    const { alice, bob } = await pair();
    await using stage = new Stage(topology);
    const [a, j] = [await stage.peer(alice, 0), await stage.jitsi(await register(topology, 'jo'), 1)];
    a.send('callUser', { targetUserId: bob.id, signalData: offer });
    expect(await a.log.next('callRejected')).toMatchObject({ from: bob.id, reason: 'unavailable' });
    j.send('call:initiate', { to: bob.id, callType: 'video' });
    expect(await j.log.next('call:failed')).toMatchObject({ reason: 'user_unavailable' });
  });

  it('glare: two people calling each other at once share one call', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { alice, bob } = await pair();
      await using stage = new Stage(topology);
      const [a, b] = [await stage.jitsi(alice, 0), await stage.jitsi(bob, 1)];
      a.send('call:initiate', { to: bob.id, callType: 'video' });
      b.send('call:initiate', { to: alice.id, callType: 'video' });
      const [one, other] = await Promise.all([
        Promise.any([a.log.next('call:accepted'), a.log.next('call:incoming'), a.log.next('call:initiated')]),
        Promise.any([b.log.next('call:accepted'), b.log.next('call:incoming'), b.log.next('call:initiated')]),
      ]);
      expect(one.id ?? one.callId).toBe(other.id ?? other.callId);
      a.send('call:end', { callId: one.id ?? one.callId });
      await Promise.all([a.log.next('call:ended'), b.log.next('call:ended')]);
    }
  });

  it('a party that loses its line returns within the grace time and the call goes on', async () => {
    const { alice, bob } = await pair();
    await using stage = new Stage(topology);
    const [a, b] = [await stage.native(alice, 0), await stage.native(bob, 1)];
    await a.ask('call.place', { to: { userId: bob.id }, kind: 'voice', offer });
    await b.log.next('call.incoming');
    await b.ask('call.answer', { answer });
    await a.log.next('call.answered');
    b.dropLine(true);
    expect(await a.log.next('call.peer', (peer) => peer.state === 'away')).toBeDefined();
    expect(await a.log.next('call.peer', (peer) => peer.state === 'back')).toBeDefined();
    await b.log.next('session.connected');
    expect((await a.ask('call.signal', { signal: { kind: 'candidate', payload: candidate(7) } })).ok).toBe(
      true,
    );
    expect((await b.log.next('call.signal')).signal).toMatchObject({ payload: candidate(7) });
    expect(a.log.count('call.ended')).toBe(0);
    expect((await b.ask('call.end', {})).ok).toBe(true);
    expect(await a.log.next('call.ended')).toMatchObject({ reason: 'hangup' });
  });

  it('a party that stays away is given up after the grace time', async () => {
    const { alice, bob } = await pair();
    await using stage = new Stage(topology);
    const [a, b] = [await stage.jitsi(alice, 0), await stage.jitsi(bob, 1)];
    a.send('call:initiate', { to: bob.id, callType: 'voice' });
    const { id } = await b.log.next('call:incoming');
    b.send('call:respond', { callId: id, response: 'accept' });
    await a.log.next('call:accepted');
    b.dropLine(false);
    expect(await a.log.next('call:ended', () => true, 8000)).toMatchObject({
      callId: id,
      reason: 'network_error',
    });
  });

  it('two vocabularies of one user: a peer caller reaches a native callee, who hangs up', async () => {
    const { alice, bob } = await pair();
    await using stage = new Stage(topology);
    const [a, b, bobJitsi] = [
      await stage.peer(alice, 0),
      await stage.native(bob, 1),
      await stage.jitsi(bob, 0),
    ];
    a.send('callUser', { targetUserId: bob.id, signalData: offer, callType: 'audio' });
    const ring = await b.log.next('call.incoming');
    expect(ring).toMatchObject({ offer, call: { kind: 'voice', media: 'p2p' } });
    await b.ask('call.answer', { answer });
    expect(await a.log.next('callAccepted')).toMatchObject({ from: bob.id, signalData: answer });
    expect(bobJitsi.log.count('call:incoming')).toBe(0);
    await b.ask('call.end', {});
    expect(await a.log.next('callEnded')).toMatchObject({ from: bob.id });
  });

  it('a stranger cannot touch a call', async () => {
    const { alice, bob } = await pair();
    const mallory = await register(topology, 'mallory');
    await using stage = new Stage(topology);
    const [a, b, m] = [
      await stage.native(alice, 0),
      await stage.native(bob, 1),
      await stage.native(mallory, 0),
    ];
    const placed = await a.ask('call.place', { to: { userId: bob.id }, kind: 'voice', offer });
    const callId = (placed.call as { id: string }).id;
    await b.log.next('call.incoming');
    for (const [event, body] of [
      ['call.answer', { callId, answer }],
      ['call.reject', { callId }],
      ['call.end', { callId }],
      ['call.signal', { callId, signal: { kind: 'candidate', payload: candidate(1) } }],
    ] as const) {
      expect(await m.ask(event, body)).toMatchObject({ ok: false, error: { code: 'PERMISSION_DENIED' } });
    }
    const gone = '00000000-0000-4000-8000-000000000000';
    expect(await m.ask('call.end', { callId: gone })).toMatchObject({
      ok: false,
      error: { code: 'CALL_NOT_FOUND' },
    });
    expect((await b.ask('call.answer', { callId, answer })).ok).toBe(true);
    expect(a.log.count('call.ended')).toBe(0);
    await a.ask('call.end', {});
  });

  it('is in the history of both, once', async () => {
    const { alice, bob } = await pair();
    await using stage = new Stage(topology);
    const [a, b] = [await stage.native(alice, 0), await stage.native(bob, 1)];
    const placed = await a.ask('call.place', { to: { userId: bob.id }, kind: 'video', offer });
    await b.log.next('call.incoming');
    await b.ask('call.answer', { answer });
    await a.log.next('call.answered');
    await a.ask('call.end', {});
    await b.log.next('call.ended');
    for (const person of [alice, bob]) {
      const calls = await until('the call is in the history as ended', async () => {
        const reply = await http('GET', `${topology.url(0)}/api/v1/calls`, { token: person.token });
        return (
          reply.body?.calls?.[0]?.phase === 'ended' && (reply.body.calls as Array<Record<string, unknown>>)
        );
      });
      expect(calls).toHaveLength(1);
      expect(calls[0]).toMatchObject({
        id: (placed.call as { id: string }).id,
        endReason: 'hangup',
        kind: 'video',
      });
    }
  });
});
