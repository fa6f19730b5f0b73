import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { startTestMongo, startTestNode, type TestNode } from '../testing/test-node.ts';

let mongo: Awaited<ReturnType<typeof startTestMongo>>;
let node: TestNode;

beforeAll(async () => {
  mongo = await startTestMongo();
});
afterAll(async () => {
  await mongo[Symbol.asyncDispose]();
});
afterEach(async () => {
  await node[Symbol.asyncDispose]();
});

const peer = { auth: { dialect: 'peer' } };
const jitsi = { auth: { dialect: 'jitsi' } };
const native = { auth: { dialect: 'native' } };
const offer = { type: 'offer', sdp: 'v=0 offer' };
const answer = { type: 'answer', sdp: 'v=0 answer' };

async function start(env: Record<string, string> = {}) {
  node = await startTestNode({ mongo, env });
  const [alice, bob, carol] = [
    node.accounts.user('alice'),
    node.accounts.user('bob'),
    node.accounts.user('carol'),
  ];
  const present = (user: typeof alice, count: number) =>
    eventually(async () => (await node.presence.devicesOf(user.id, Date.now())).length === count);
  return { alice, bob, carol, present };
}

it('a ring ends in time, in the words of each side', async () => {
  const { alice, bob, present } = await start({ RING_TIMEOUT_MS: '400' });
  const caller = await node.client(alice, peer);
  const callee = await node.client(bob, peer);
  await present(bob, 1);
  const rang = performance.now();
  caller.socket.emit('callUser', { targetUserId: bob.id, signalData: offer });
  await callee.hears('incomingCall');
  expect(await caller.hears('callRejected')).toEqual({ from: bob.id, reason: 'timeout' });
  expect(await callee.hears('callEnded')).toEqual({ from: alice.id });
  expect(performance.now() - rang).toBeGreaterThan(300);
  expect(performance.now() - rang).toBeLessThan(1_500);
  // Both are free again.
  expect((await callee.ask('callUser', { targetUserId: alice.id, signalData: offer })).ok).toBe(true);
});

it('one user’s devices of several vocabularies ring together, and the first answer silences the others', async () => {
  const { alice, bob, present } = await start();
  const caller = await node.client(alice, jitsi);
  const [phone, tablet, page] = [
    await node.client(bob, native),
    await node.client(bob, jitsi),
    await node.client(bob, peer),
  ];
  await present(bob, 3);
  caller.socket.emit('call:initiate', { to: bob.id, callType: 'voice' });
  const { id: callId } = await tablet.hears('call:incoming');
  await phone.hears('call.incoming');
  expect((await phone.ask('call.answer', { callId })).ok).toBe(true);
  expect(await caller.hears('call:accepted')).toMatchObject({ callId, by: bob.id });
  expect(await tablet.hears('call:ended')).toMatchObject({ callId, reason: 'answered_elsewhere' });
  const late = await tablet.ask('call:respond', { callId, response: 'accept', to: alice.id });
  expect(late.error?.code).toBe('CALL_IN_PROGRESS');
  await page.settled();
  expect(page.heard.filter(({ event }) => event.startsWith('call'))).toEqual([]);
  expect((await phone.ask('call.end', { callId })).ok).toBe(true);
  expect(await caller.hears('call:ended')).toMatchObject({ callId, by: bob.id, reason: 'user_ended' });
});

it('busy, unreachable and in a call oneself, as the jitsi document words them', async () => {
  const { alice, bob, carol, present } = await start();
  const caller = await node.client(alice, jitsi);
  const other = await node.client(carol, jitsi);
  expect((await caller.ask('call:initiate', { to: bob.id })).error?.code).toBe('USER_UNAVAILABLE');
  expect(await caller.hears('call:failed')).toMatchObject({ reason: 'user_unavailable' });
  await node.client(bob, jitsi);
  await present(bob, 1);
  expect((await caller.ask('call:initiate', { to: bob.id })).ok).toBe(true);
  other.socket.emit('call:initiate', { to: bob.id });
  expect(await other.hears('call:failed')).toMatchObject({ reason: 'user_busy' });
  caller.socket.emit('call:initiate', { to: carol.id });
  expect(await caller.hears('error')).toMatchObject({ code: 'CALL_IN_PROGRESS' });
  expect((await caller.ask('call:initiate', { to: '999' })).error?.code).toBe('USER_NOT_FOUND');
  expect((await caller.ask('call:initiate', { to: alice.id })).error?.code).toBe('INVALID_DATA');
});

it('a party that loses its socket comes back by a new one, and the call goes on', async () => {
  const { alice, bob, present } = await start({ RECONNECT_GRACE_MS: '2000' });
  const caller = await node.client(alice, native);
  const callee = await node.client(bob, peer);
  await present(bob, 1);
  const placed = await caller.ask('call.place', {
    to: { userId: bob.id },
    kind: 'video',
    media: 'p2p',
    offer,
  });
  expect(placed).toMatchObject({ ok: true });
  await callee.hears('incomingCall');
  callee.socket.emit('answerCall', { targetUserId: alice.id, signalData: answer });
  expect(await caller.hears('call.answered')).toMatchObject({ answer });
  callee.socket.disconnect();
  expect(await caller.hears('call.peer')).toMatchObject({ state: 'away' });
  const back = await node.client(bob);
  await caller.hears('call.peer', ({ state }) => state === 'back');
  const signal = { kind: 'candidate', payload: { candidate: 'late' } };
  expect((await caller.ask('call.signal', { signal })).ok).toBe(true);
  expect(await back.hears('iceCandidate')).toEqual({ from: alice.id, candidate: { candidate: 'late' } });
  back.socket.emit('endCall', { targetUserId: alice.id });
  expect(await caller.hears('call.ended')).toMatchObject({ reason: 'hangup' });
});

it('two peer clients that call each other at once end up in one call that either sees as incoming', async () => {
  const { alice, bob, present } = await start();
  const [one, two] = [await node.client(alice, peer), await node.client(bob, peer)];
  await present(alice, 1);
  await present(bob, 1);
  const [first, second] = await Promise.all([
    one.ask('callUser', { targetUserId: bob.id, signalData: { sdp: 'of alice' } }),
    two.ask('callUser', { targetUserId: alice.id, signalData: { sdp: 'of bob' } }),
  ]);
  expect(first.callId).toBe(second.callId);
  const [rung, ringing, from] = await eventually(() => {
    if (two.all('incomingCall').length > 0) return [two, one, alice] as const;
    return one.all('incomingCall').length > 0 ? ([one, two, bob] as const) : undefined;
  });
  expect(rung.all('incomingCall')[0]).toMatchObject({ from: from.id, callId: first.callId });
  rung.socket.emit('answerCall', { targetUserId: from.id, signalData: answer });
  expect(await ringing.hears('callAccepted')).toMatchObject({ signalData: answer });
  expect(ringing.all('incomingCall')).toEqual([]);
});
