import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventLog } from '../harness/event-log.ts';
import { register, Stage } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

const polling = { transports: ['polling'], upgrade: false };
const candidate = (n: number) => ({
  candidate: `candidate:${n} 1 udp 1 192.0.2.1 50000 typ host`,
  sdpMid: '0',
});
const description = (type: string, bytes: number) => ({ type, sdp: 'x'.repeat(bytes) });

let topology: Topology;
beforeAll(async () => {
  topology = await allInOne();
});
afterAll(() => topology?.[Symbol.asyncDispose]());

describe('over long polling alone', () => {
  it.each([
    ['both', polling, polling],
    ['the caller', polling, {}],
    ['the callee', {}, polling],
  ])(
    '%s: a whole peer call with a great offer and forty candidates each way, in order',
    async (_who, mine, theirs) => {
      const [alice, bob] = await Promise.all([register(topology, 'alice'), register(topology, 'bob')]);
      await using stage = new Stage(topology);
      const [a, b] = [await stage.peer(alice, 0, mine), await stage.peer(bob, 0, theirs)];
      const [offer, answer] = [description('offer', 60_000), description('answer', 60_000)];
      a.send('callUser', { targetUserId: bob.id, signalData: offer });
      for (let n = 0; n < 20; n += 1)
        a.send('iceCandidate', { targetUserId: bob.id, candidate: candidate(n) });
      expect(await b.log.next('incomingCall')).toMatchObject({ from: alice.id, signalData: offer });
      b.send('answerCall', { targetUserId: alice.id, signalData: answer });
      expect(await a.log.next('callAccepted')).toEqual({ from: bob.id, signalData: answer });
      for (let n = 20; n < 40; n += 1)
        a.send('iceCandidate', { targetUserId: bob.id, candidate: candidate(n) });
      for (let n = 0; n < 40; n += 1)
        b.send('iceCandidate', { targetUserId: alice.id, candidate: candidate(n) });
      for (const [side, from] of [
        [b, alice.id],
        [a, bob.id],
      ] as const) {
        for (let n = 0; n < 40; n += 1) {
          expect(await side.log.next('iceCandidate')).toEqual({ from, candidate: candidate(n) });
        }
      }
      b.send('endCall', { targetUserId: alice.id });
      expect(await a.log.next('callEnded')).toEqual({ from: bob.id });
      expect(a.log.count('error') + b.log.count('error')).toBe(0);
    },
  );

  it('the sample client of jitsi.md, line by line, without waiting', async () => {
    const [alice, bob] = await Promise.all([register(topology, 'Alice'), register(topology, 'Bob')]);
    await using stage = new Stage(topology);
    const b = await stage.jitsi(bob, 0, polling);
    const socket = io(topology.url(0), { forceNew: true, ...polling });
    const seen = new EventLog('Alice');
    socket.onAny((event, ...args) => seen.push(event, args));
    socket.emit('join', { userId: alice.id, token: alice.token });
    socket.emit('message', { to: bob.id, content: 'Hello Bob!', type: 'text' });
    socket.emit('call:initiate', { to: bob.id, callType: 'video' });
    try {
      expect(await b.log.next('message')).toMatchObject({ senderId: alice.id, content: 'Hello Bob!' });
      const { id } = await b.log.next('call:incoming');
      b.send('call:respond', { callId: id, response: 'accept', to: alice.id });
      expect(await seen.next('call:accepted')).toMatchObject({ callId: id, by: bob.id, type: 'video' });
      b.send('call:end', { callId: id, to: alice.id });
      expect(await seen.next('call:ended')).toMatchObject({ callId: id, reason: 'user_ended' });
      expect(seen.count('error') + seen.count('auth:error')).toBe(0);
    } finally {
      socket.close();
    }
  });

  it('upgrades in the middle of a call without losing a candidate', async () => {
    const [alice, bob] = await Promise.all([register(topology, 'alice'), register(topology, 'bob')]);
    await using stage = new Stage(topology);
    const upgrading = { transports: ['polling', 'websocket'] };
    const [a, b] = [await stage.peer(alice, 0, upgrading), await stage.peer(bob, 0, upgrading)];
    a.send('callUser', { targetUserId: bob.id, signalData: description('offer', 100) });
    for (let n = 0; n < 50; n += 1) a.send('iceCandidate', { targetUserId: bob.id, candidate: candidate(n) });
    await b.log.next('incomingCall');
    b.send('answerCall', { targetUserId: alice.id, signalData: description('answer', 100) });
    await a.log.next('callAccepted');
    for (let n = 0; n < 50; n += 1) {
      expect((await b.log.next('iceCandidate')).candidate).toEqual(candidate(n));
    }
  });
});
