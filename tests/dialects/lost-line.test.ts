import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { type Person, register, Stage } from '../harness/people.ts';
import type { SocketClient } from '../harness/socket-client.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

const offer = { type: 'offer', sdp: 'v=0' };
const candidate = (n: number) => ({ candidate: `candidate:${n}`, sdpMid: '0' });

let topology: Topology;
let patient: Topology;
beforeAll(async () => {
  [topology, patient] = await Promise.all([
    allInOne({ RECONNECT_GRACE_MS: '400' }),
    allInOne({ RECONNECT_GRACE_MS: '60000' }),
  ]);
});
afterAll(async () => {
  await Promise.all([topology, patient].map((one) => one?.[Symbol.asyncDispose]()));
});

const people = (at: Topology): Promise<[Person, Person]> =>
  Promise.all([register(at, 'Alice'), register(at, 'Bob')]);

async function jitsiCall(stage: Stage, alice: Person, bob: Person) {
  const [a, b] = [await stage.jitsi(alice), await stage.jitsi(bob)];
  a.send('call:initiate', { to: bob.id, callType: 'voice' });
  await b.log.next('call:incoming');
  // By the other party instead of the id.
  b.send('call:respond', { to: alice.id, response: 'accept' });
  const { callId } = await a.log.next('call:accepted');
  // What answering had to be told is told with this.
  await b.log.next('call:responded');
  return { a, b, callId };
}

async function peerCall(stage: Stage, alice: Person, bob: Person) {
  const [a, b] = [await stage.peer(alice), await stage.peer(bob)];
  a.send('callUser', { targetUserId: bob.id, signalData: offer });
  await b.log.next('incomingCall');
  b.send('answerCall', { targetUserId: alice.id, signalData: { type: 'answer', sdp: 'v=0' } });
  await a.log.next('callAccepted');
  return { a, b };
}

describe('a party that stays away', () => {
  it('jitsi: call:ended {reason: "network_error"} to the one who stayed', async () => {
    const [alice, bob] = await people(topology);
    await using stage = new Stage(topology);
    const { a, b, callId } = await jitsiCall(stage, alice, bob);
    b.dropLine(false);
    expect(await a.log.next('call:ended')).toMatchObject({ callId, reason: 'network_error', by: bob.id });
  });

  it('peer: callEnded {from}, and both are free again', async () => {
    const [alice, bob] = await people(topology);
    await using stage = new Stage(topology);
    const { a, b } = await peerCall(stage, alice, bob);
    a.dropLine(false);
    expect(await b.log.next('callEnded')).toEqual({ from: alice.id });
    const carol = await register(topology, 'Carol');
    const c = await stage.peer(carol);
    expect(await c.ask('callUser', { targetUserId: bob.id, signalData: offer })).toMatchObject({ ok: true });
  });

  it('while it still rings: a caller without a line stops the ringing', async () => {
    const [alice, bob] = await people(topology);
    await using stage = new Stage(topology);
    const [a, b] = [await stage.peer(alice), await stage.peer(bob)];
    a.send('callUser', { targetUserId: bob.id, signalData: offer });
    await b.log.next('incomingCall');
    a.dropLine(false);
    expect(await b.log.next('callEnded')).toEqual({ from: alice.id });
  });
});

describe('within the grace time', () => {
  const back: Array<[string, (stage: Stage, bob: Person) => Promise<SocketClient>]> = [
    ['a peer socket', (stage, bob) => stage.peer(bob)],
    [
      'a peer socket over polling, with a token from a new log-in',
      (stage, bob) => stage.peer(bob, 0, { transports: ['polling'] }),
    ],
    [
      'a socket that says it is peer',
      (stage, bob) => stage.open('bob', 0, { auth: { token: bob.token, dialect: 'peer' } }),
    ],
  ];
  it.each(back)('%s takes the lost one’s place: signals flow both ways', async (_what, open) => {
    const [alice, bob] = await people(patient);
    await using stage = new Stage(patient);
    const { a, b } = await peerCall(stage, alice, bob);
    b.dropLine(false);
    const again = await open(stage, bob);
    await until('the place is taken', async () => {
      const reply = await again.ask('iceCandidate', { targetUserId: alice.id, candidate: candidate(1) });
      return reply.ok === true;
    });
    await a.log.next('iceCandidate', ({ from }) => from === bob.id);
    a.send('iceCandidate', { targetUserId: bob.id, candidate: candidate(99) });
    expect(await again.log.next('iceCandidate')).toEqual({ from: alice.id, candidate: candidate(99) });
    again.send('endCall', { targetUserId: alice.id });
    expect(await a.log.next('callEnded')).toEqual({ from: bob.id });
    expect(a.log.count('callEnded')).toBe(1);
  });

  it('a jitsi socket does so after its join, a peer one has no words for that call', async () => {
    const [alice, bob] = await people(patient);
    await using stage = new Stage(patient);
    const { a, b, callId } = await jitsiCall(stage, alice, bob);
    b.dropLine(false);
    const stranger = await stage.open('bob (peer)', 0, { auth: { token: bob.token, dialect: 'peer' } });
    await stranger.log.next('users');
    const again = await stage.jitsi(bob);
    again.send('call:end', { callId, to: alice.id });
    for (const side of [a, again]) {
      expect(await side.log.next('call:ended')).toMatchObject({ callId, by: bob.id, reason: 'user_ended' });
    }
    expect(stranger.log.all.filter(({ event }) => event.startsWith('call'))).toEqual([]);
  });

  it('any other device may end the call, and hears that it ended', async () => {
    const [alice, bob] = await people(patient);
    await using stage = new Stage(patient);
    const tablet = await stage.jitsi(bob);
    const { a, b, callId } = await jitsiCall(stage, alice, bob);
    await tablet.log.next('call:ended', ({ reason }) => reason === 'answered_elsewhere');
    expect(await tablet.ask('call:end', { callId })).toMatchObject({ ok: true });
    // Too early: the call is still with the other device.
    expect(a.log.count('call:ended')).toBe(0);
    b.dropLine(false);
    await until('the call is ended from the tablet', async () => {
      await tablet.ask('call:end', { callId });
      return a.log.count('call:ended') > 0;
    });
    const over = { callId, by: bob.id, reason: 'user_ended' };
    expect(await tablet.log.next('call:ended')).toMatchObject(over);
    expect(await a.log.next('call:ended')).toMatchObject(over);
  });
});
