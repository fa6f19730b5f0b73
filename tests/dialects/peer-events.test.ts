import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, register, Stage } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

const offer = { type: 'offer', sdp: 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n' };
const answer = { type: 'answer', sdp: 'v=0\r\no=- 3 4 IN IP4 127.0.0.1\r\n' };
const candidate = { candidate: 'candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host', sdpMid: '0' };

let topology: Topology;
beforeAll(async () => {
  topology = await allInOne();
});
afterAll(() => topology?.[Symbol.asyncDispose]());

const people = async () => {
  const [alice, bob] = await Promise.all([register(topology, 'alice'), register(topology, 'bob')]);
  return { alice, bob };
};
const ids = (users: unknown) => (users as Array<{ id: string }>).map(({ id }) => id);

async function inCall(stage: Stage, alice: Person, bob: Person) {
  const [a, b] = [await stage.peer(alice), await stage.peer(bob)];
  a.send('callUser', { targetUserId: bob.id, signalData: offer });
  await b.log.next('incomingCall');
  b.send('answerCall', { targetUserId: alice.id, signalData: answer });
  await Promise.all([a.log.next('callAccepted'), a.log.next('callAnswered')]);
  return { a, b };
}

describe('presence', () => {
  it('lists everybody, oneself included, once each; tells who comes and who is gone', async () => {
    const { alice, bob } = await people();
    await using stage = new Stage(topology);
    const a = await stage.open('alice', 0, { auth: { token: alice.token } });
    const first = ids(await a.log.next('users'));
    expect(first).toContain(alice.id);
    const [b, second] = [await stage.peer(bob), await stage.peer(bob)];
    const list = await a.log.next('users', (users) => ids(users).includes(bob.id));
    expect(ids(list).filter((id) => id === bob.id)).toEqual([bob.id]);
    expect(Object.keys((list as unknown as object[])[0] ?? {}).sort()).toEqual(['id', 'username']);
    b.close();
    second.close();
    expect(await a.log.next('userDisconnected')).toEqual({ userId: bob.id });
    await a.log.next('users', (users) => !ids(users).includes(bob.id));
  });
});

describe('a call', () => {
  it.each([
    ['userToCall', 'signal'],
    ['to', 'offer'],
    ['toUserId', 'signalData'],
  ])('understands %s and %s, and relays anything verbatim', async (target, signal) => {
    const { alice, bob } = await people();
    await using stage = new Stage(topology);
    const [a, b] = [await stage.peer(alice), await stage.peer(bob)];
    const simplePeer = { type: 'offer', sdp: 'v=0', nested: [{ a: null }], renegotiate: false };
    // A client may say who it is; it is not believed.
    a.send('callUser', { [target]: Number(bob.id), [signal]: simplePeer, from: bob.id, username: 'evil' });
    expect(await b.log.next('incomingCall')).toMatchObject({
      from: alice.id,
      username: alice.username,
      signalData: simplePeer,
    });
    b.send('answerCall', { [target]: alice.id, answer: 'just a string' });
    for (const event of ['callAccepted', 'callAnswered']) {
      expect(await a.log.next(event)).toEqual({ from: bob.id, signalData: 'just a string' });
    }
  });

  it('is refused: callRejected {from} without a reason', async () => {
    const { alice, bob } = await people();
    await using stage = new Stage(topology);
    const [a, b] = [await stage.peer(alice), await stage.peer(bob)];
    a.send('callUser', { targetUserId: bob.id, signalData: offer });
    await b.log.next('incomingCall');
    b.send('rejectCall', { targetUserId: alice.id });
    expect(await a.log.next('callRejected')).toEqual({ from: bob.id });
    expect(a.log.count('error') + b.log.count('error')).toBe(0);
  });

  it('is given up while it rings: callEnded {from} to the callee', async () => {
    const { alice, bob } = await people();
    await using stage = new Stage(topology);
    const [a, b] = [await stage.peer(alice), await stage.peer(bob)];
    a.send('callUser', { targetUserId: bob.id, signalData: offer });
    await b.log.next('incomingCall');
    a.send('endCall', { targetUserId: bob.id });
    expect(await b.log.next('callEnded')).toEqual({ from: alice.id });
  });

  it('renegotiates inside itself, from either side', async () => {
    const { alice, bob } = await people();
    await using stage = new Stage(topology);
    const { a, b } = await inCall(stage, alice, bob);
    const again = { ...offer, sdp: 'v=0\r\nagain' };
    b.send('callUser', { targetUserId: alice.id, signalData: again });
    expect(await a.log.next('incomingCall')).toMatchObject({ from: bob.id, signalData: again });
    a.send('answerCall', { targetUserId: bob.id, signalData: { ...answer, sdp: 'v=0\r\nsecond' } });
    expect(await b.log.next('callAccepted')).toEqual({
      from: alice.id,
      signalData: { ...answer, sdp: 'v=0\r\nsecond' },
    });
    expect(a.log.count('error') + b.log.count('error')).toBe(0);
  });

  it('goes on between its two devices alone; the device that lost is told callEnded', async () => {
    const { alice, bob } = await people();
    await using stage = new Stage(topology);
    const tablet = await stage.peer(bob);
    const desk = await stage.peer(alice);
    const { a, b } = await inCall(stage, alice, bob);
    expect(await tablet.log.next('callEnded')).toEqual({ from: alice.id });
    a.send('iceCandidate', { targetUserId: bob.id, candidate });
    b.send('iceCandidate', { targetUserId: alice.id, candidate });
    expect(await b.log.next('iceCandidate')).toEqual({ from: alice.id, candidate });
    expect(await a.log.next('iceCandidate')).toEqual({ from: bob.id, candidate });
    expect(await tablet.ask('iceCandidate', { targetUserId: alice.id, candidate })).toMatchObject({
      ok: false,
    });
    for (const other of [tablet, desk]) expect(other.log.count('iceCandidate')).toBe(0);
    expect(a.log.count('iceCandidate')).toBe(1);
    b.send('endCall', { targetUserId: alice.id });
    expect(await a.log.next('callEnded')).toEqual({ from: bob.id });
  });

  it('of a third: busy for the caller, nothing for the two', async () => {
    const { alice, bob } = await people();
    const carol = await register(topology, 'carol');
    await using stage = new Stage(topology);
    const { a, b } = await inCall(stage, alice, bob);
    const c = await stage.peer(carol);
    c.send('callUser', { targetUserId: bob.id, signalData: offer });
    expect(await c.log.next('callRejected')).toEqual({ from: bob.id, reason: 'busy' });
    expect([a, b].map((side) => side.log.count('incomingCall'))).toEqual([0, 1]);
    expect(await c.ask('endCall', { targetUserId: bob.id })).toMatchObject({
      error: { code: 'CALL_NOT_FOUND' },
    });
  });

  it('is not for those who have no words for it: a jitsi-only callee is unavailable', async () => {
    const { alice, bob } = await people();
    await using stage = new Stage(topology);
    const [a, b] = [await stage.peer(alice), await stage.jitsi(bob)];
    a.send('callUser', { targetUserId: bob.id, signalData: offer });
    expect(await a.log.next('callRejected')).toEqual({ from: bob.id, reason: 'unavailable' });
    expect(b.log.all.filter(({ event }) => event.startsWith('call'))).toEqual([]);
  });
});

describe('acks', () => {
  it('come once: {ok, success} or {ok: false, success: false, error: {code, message}}, and then no error event', async () => {
    const { alice, bob } = await people();
    await using stage = new Stage(topology);
    const [a, b] = [await stage.peer(alice), await stage.peer(bob)];
    expect(await a.ask('callUser', { targetUserId: bob.id, signalData: offer })).toMatchObject({
      ok: true,
      success: true,
    });
    await b.log.next('incomingCall');
    expect(await b.ask('answerCall', { targetUserId: alice.id, signalData: answer })).toMatchObject({
      ok: true,
    });
    expect(await a.ask('iceCandidate', { targetUserId: bob.id, candidate })).toMatchObject({ ok: true });
    expect(await a.ask('endCall', { targetUserId: bob.id })).toMatchObject({ ok: true, success: true });
    expect(await a.ask('endCall', { targetUserId: bob.id })).toMatchObject({
      ok: false,
      success: false,
      error: { code: 'CALL_NOT_FOUND', message: expect.any(String) },
    });
    expect(a.log.count('error')).toBe(0);
  });
});
