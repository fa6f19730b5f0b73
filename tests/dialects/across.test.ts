import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { http } from '../harness/http.ts';
import { type Person, register, Stage } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

const offer = { type: 'offer', sdp: 'v=0' };
const answer = { type: 'answer', sdp: 'v=0' };

let topology: Topology;
beforeAll(async () => {
  topology = await allInOne();
});
afterAll(() => topology?.[Symbol.asyncDispose]());

const people = (...names: string[]): Promise<Person[]> =>
  Promise.all(names.map((name) => register(topology, name)));
const two = async (): Promise<[Person, Person]> => (await people('Alice', 'Bob')) as [Person, Person];
const ids = (users: unknown) => (users as Array<{ id: string }>).map(({ id }) => id);

describe('one user with sockets of several vocabularies', () => {
  it('is online once, until the last of them is gone, in everybody’s words', async () => {
    const [alice, bob] = await two();
    await using stage = new Stage(topology);
    const [peer, jitsi] = [await stage.peer(bob), await stage.jitsi(bob)];
    const [one, other, third] = [
      await stage.jitsi(alice),
      await stage.peer(alice),
      await stage.native(alice),
    ];
    const list = await peer.log.next('users', (users) => ids(users).includes(alice.id));
    expect(ids(list).filter((id) => id === alice.id)).toHaveLength(1);
    await jitsi.log.next('user:online', ({ userId }) => userId === alice.id);
    one.close();
    other.close();
    // Still here: the native socket can be rung.
    await third.ask('presence.list');
    peer.send('callUser', { targetUserId: alice.id, signalData: offer });
    await third.log.next('call.incoming');
    third.close();
    await Promise.all([peer.log.next('userDisconnected'), jitsi.log.next('user:offline')]);
    expect([peer.log.count('userDisconnected'), jitsi.log.count('user:offline')]).toEqual([1, 1]);
  });

  it('hears each thing on the socket that has words for it, and nothing of it on the others', async () => {
    const [alice, bob] = await two();
    await using stage = new Stage(topology);
    const peer = await stage.open('bob (peer)', 0, { auth: { token: bob.token, dialect: 'peer' } });
    const jitsi = await stage.jitsi(bob);
    const [callerPeer, callerJitsi] = [await stage.peer(alice), await stage.jitsi(alice)];
    await callerJitsi.ask('message', { to: bob.id, content: 'hi' });
    await jitsi.log.next('message');
    callerJitsi.send('call:initiate', { to: bob.id, callType: 'voice' });
    const { id } = await jitsi.log.next('call:incoming');
    callerJitsi.send('call:end', { callId: id });
    await jitsi.log.next('call:ended');
    callerPeer.send('callUser', { targetUserId: bob.id, signalData: offer });
    await peer.log.next('incomingCall');
    callerPeer.send('endCall', { targetUserId: bob.id });
    await peer.log.next('callEnded');
    const heard = (socket: typeof peer) => new Set(socket.log.all.map(({ event }) => event));
    for (const event of heard(peer))
      expect(['users', 'userDisconnected', 'incomingCall', 'callEnded']).toContain(event);
    const words = ['connected', 'user:online', 'user:offline', 'message', 'call:incoming', 'call:ended'];
    for (const event of heard(jitsi)) expect(words).toContain(event);
    expect(
      [peer, jitsi].map(
        (socket) => socket.log.all.filter(({ event }) => /^(incomingCall|call:incoming)$/.test(event)).length,
      ),
    ).toEqual([1, 1]);
  });

  it('is busy in all of them with a call in one', async () => {
    const [alice, bob, carol] = (await people('Alice', 'Bob', 'Carol')) as [Person, Person, Person];
    await using stage = new Stage(topology);
    const [a, aJitsi] = [await stage.peer(alice), await stage.jitsi(alice)];
    const [b, bJitsi] = [await stage.peer(bob), await stage.jitsi(bob)];
    const [c, cJitsi] = [await stage.peer(carol), await stage.jitsi(carol)];
    a.send('callUser', { targetUserId: bob.id, signalData: offer });
    await b.log.next('incomingCall');
    b.send('answerCall', { targetUserId: alice.id, signalData: answer });
    await a.log.next('callAccepted');
    cJitsi.send('call:initiate', { to: bob.id, callType: 'video' });
    expect(await cJitsi.log.next('call:failed')).toMatchObject({ reason: 'user_busy' });
    for (const to of [bob.id, carol.id]) {
      expect(await aJitsi.ask('call:initiate', { to })).toMatchObject({
        error: { code: 'CALL_IN_PROGRESS' },
      });
    }
    a.send('endCall', { targetUserId: bob.id });
    await b.log.next('callEnded');

    aJitsi.send('call:initiate', { to: bob.id, callType: 'video' });
    const { id } = await bJitsi.log.next('call:incoming');
    bJitsi.send('call:respond', { callId: id, response: 'accept' });
    await aJitsi.log.next('call:accepted');
    c.send('callUser', { targetUserId: bob.id, signalData: offer });
    expect(await c.log.next('callRejected')).toEqual({ from: bob.id, reason: 'busy' });
    expect(await b.ask('callUser', { targetUserId: alice.id, signalData: offer })).toMatchObject({
      error: { code: 'CALL_IN_PROGRESS' },
    });
    expect([b.log.count('incomingCall'), bJitsi.log.count('call:incoming')]).toEqual([1, 1]);
  });
});

describe('jitsi meets native', () => {
  it('a call rings both; answered on native, the jitsi device is told that it was answered elsewhere', async () => {
    const [alice, bob] = await two();
    await using stage = new Stage(topology);
    const [a, phone, desk] = [await stage.jitsi(alice), await stage.jitsi(bob), await stage.native(bob)];
    a.send('call:initiate', { to: bob.id, callType: 'video' });
    const [ring, native] = await Promise.all([
      phone.log.next('call:incoming'),
      desk.log.next('call.incoming'),
    ]);
    expect(native.call).toMatchObject({ id: ring.id, media: 'jitsi', kind: 'video' });
    expect(await desk.ask('call.answer', { callId: ring.id })).toMatchObject({ ok: true });
    expect(await a.log.next('call:accepted')).toMatchObject({ callId: ring.id, by: bob.id });
    expect(await phone.log.next('call:ended')).toMatchObject({
      callId: ring.id,
      reason: 'answered_elsewhere',
    });
    a.send('call:end', { callId: ring.id });
    await desk.log.next('call.ended');
  });
});

describe('what was written while nobody with words for it was there', () => {
  it('is in the history of every route', async () => {
    const [alice, bob] = await two();
    await using stage = new Stage(topology);
    const [a, b] = [
      await stage.jitsi(alice),
      await stage.open('bob', 0, { auth: { token: bob.token, dialect: 'peer' } }),
    ];
    const { message } = await a.ask('message', { to: bob.id, content: 'kept', type: 'image' });
    const url = topology.url(0);
    const jitsi = await http('GET', `${url}/api/messages`, { token: bob.token });
    expect(jitsi.body.messages).toEqual([message]);
    const later = await stage.native(bob);
    const conversation =
      Number(alice.id) < Number(bob.id) ? `d:${alice.id}:${bob.id}` : `d:${bob.id}:${alice.id}`;
    const synced = await later.ask('chat.sync', { conversationId: conversation, after: 0 });
    expect(synced.messages).toMatchObject([
      { id: (message as { id: string }).id, content: 'kept', contentType: 'image' },
    ]);
    expect(b.log.count('message')).toBe(0);
  });
});
