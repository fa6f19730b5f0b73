import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from './testing/eventually.ts';
import { startTestMongo, startTestNode, type TestNode } from './testing/test-node.ts';

let mongo: Awaited<ReturnType<typeof startTestMongo>>;
let node: TestNode;
beforeAll(async () => {
  mongo = await startTestMongo();
});
afterAll(async () => {
  await mongo[Symbol.asyncDispose]();
});
beforeEach(async () => {
  node = await startTestNode({ mongo });
});
afterEach(async () => {
  await node[Symbol.asyncDispose]();
});

describe('through real sockets', () => {
  it('a client of the peer document calls, is answered, trickles and hangs up', async () => {
    const [alice, bob] = [node.accounts.user('alice'), node.accounts.user('bob')];
    const [caller, callee, elsewhere] = [
      await node.client(alice),
      await node.client(bob),
      await node.client(bob),
    ];
    await eventually(async () => (await node.presence.devicesOf(bob.id, Date.now())).length === 2);
    const offer = { type: 'offer', sdp: 'v=0 alice' };
    // As real clients do: the call and its candidates in one go, nothing awaited.
    caller.socket.emit('callUser', { targetUserId: bob.id, signalData: offer });
    caller.socket.emit('iceCandidate', { targetUserId: bob.id, candidate: { candidate: 'a1' } });
    caller.socket.emit('iceCandidate', { targetUserId: bob.id, candidate: { candidate: 'a2' } });
    for (const rung of [callee, elsewhere]) {
      expect(await rung.hears('incomingCall')).toMatchObject({
        from: alice.id,
        username: 'alice',
        signalData: offer,
      });
    }
    const answer = { type: 'answer', sdp: 'v=0 bob' };
    callee.socket.emit('answerCall', { targetUserId: alice.id, signalData: answer });
    callee.socket.emit('iceCandidate', { targetUserId: alice.id, candidate: { candidate: 'b1' } });
    for (const event of ['callAccepted', 'callAnswered']) {
      expect(await caller.hears(event)).toEqual({ from: bob.id, signalData: answer });
    }
    await elsewhere.hears('callEnded');
    expect(await caller.hears('iceCandidate')).toEqual({ from: bob.id, candidate: { candidate: 'b1' } });
    await callee.hears(
      'iceCandidate',
      ({ candidate }) => (candidate as { candidate: string }).candidate === 'a2',
    );
    expect(callee.all('iceCandidate')).toHaveLength(2);
    expect(elsewhere.all('iceCandidate')).toEqual([]);

    caller.socket.emit('endCall', { targetUserId: bob.id });
    expect(await callee.hears('callEnded')).toMatchObject({ from: alice.id });
    await caller.settled();
    expect(caller.all('error')).toEqual([]);
    expect(caller.all('callEnded')).toEqual([]);
  });

  it('the sample client of the jitsi document joins, writes and places a video call', async () => {
    const [alice, bob] = [node.accounts.user('alice'), node.accounts.user('bob')];
    const callee = await node.client(null);
    callee.socket.emit('join', { userId: bob.id, token: bob.token() });
    await callee.hears('connected');
    await eventually(async () => (await node.presence.devicesOf(bob.id, Date.now())).length === 1);

    const caller = node.dial(null);
    caller.socket.emit('join', { userId: alice.id, token: alice.token() });
    caller.socket.emit('message', { to: bob.id, content: 'Hello Bob!', type: 'text' });
    caller.socket.emit('call:initiate', { to: bob.id, callType: 'video' });
    expect(await callee.hears('message')).toMatchObject({ senderId: alice.id, content: 'Hello Bob!' });
    const incoming = await callee.hears('call:incoming');
    const { id: callId } = incoming;
    const roomName = `call_${String(callId)}`;
    expect(incoming).toMatchObject({
      from: alice.id,
      to: bob.id,
      type: 'video',
      roomName,
      jitsi: {
        domain: 'meet.jit.si',
        roomName,
        url: `https://meet.jit.si/${roomName}`,
        config: { startWithAudioMuted: false, startWithVideoMuted: false },
      },
    });
    expect(await caller.hears('call:initiated')).toMatchObject({ id: callId, status: 'ringing' });
    callee.socket.emit('call:respond', { callId, response: 'accept', to: alice.id });
    expect(await caller.hears('call:accepted')).toMatchObject({ callId, by: bob.id });
    caller.socket.emit('call:end', { callId, to: bob.id });
    for (const side of [caller, callee]) {
      expect(await side.hears('call:ended')).toMatchObject({ callId, by: alice.id, reason: 'user_ended' });
    }
  });
});
