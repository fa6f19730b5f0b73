import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { http } from '../harness/http.ts';
import { OldClient } from '../harness/old-client.ts';
import { logIn, type Person, register, Stage } from '../harness/people.ts';
import { freePort, startServer, temporaryFolder } from '../harness/server-process.ts';
import { allInOne, SCENARIO_SETTINGS, type Topology } from '../harness/topology.ts';

const offer = { type: 'offer', sdp: 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n' };
const answer = { type: 'answer', sdp: 'v=0\r\no=- 3 4 IN IP4 127.0.0.1\r\n' };
const candidate = { candidate: 'candidate:1 1 udp 1 192.0.2.1 50000 typ host', sdpMid: '0' };

let topology: Topology;
beforeAll(async () => {
  topology = await allInOne();
});
afterAll(() => topology?.[Symbol.asyncDispose]());

const pair = () => Promise.all([register(topology, 'Alice'), register(topology, 'Bob')]);

describe.each(
  ([2, 3] as const).flatMap((version) =>
    [['polling'], ['websocket'], ['polling', 'websocket']].map((transports) => ({ version, transports })),
  ),
)('socket.io-client $version over $transports', ({ version, transports }) => {
  const clients: OldClient[] = [];
  afterAll(() => {
    for (const client of clients) client.close();
  });
  const open = async (person: Person, options: Record<string, unknown> = { token: person.token }) => {
    const url = topology.url(0);
    const client = await OldClient.open(person.name, url, version, { transports, ...options });
    clients.push(client);
    return client;
  };

  it('peer: users, call, answer, candidates both ways, hang up', async () => {
    const [alice, bob] = await pair();
    const [a, b] = [await open(alice), await open(bob)];
    await a.log.next('users', (list) => JSON.stringify(list).includes(bob.username));
    a.send('callUser', { targetUserId: bob.id, signalData: offer });
    const ring = await b.log.next('incomingCall');
    expect(ring).toMatchObject({ from: alice.id, username: alice.username, signalData: offer });
    b.send('answerCall', { targetUserId: alice.id, signalData: answer });
    expect(await a.log.next('callAccepted')).toEqual({ from: bob.id, signalData: answer });
    a.send('iceCandidate', { targetUserId: bob.id, candidate });
    expect(await b.log.next('iceCandidate')).toEqual({ from: alice.id, candidate });
    b.send('iceCandidate', { targetUserId: alice.id, candidate });
    expect(await a.log.next('iceCandidate')).toEqual({ from: bob.id, candidate });
    b.send('endCall', { targetUserId: alice.id });
    expect(await a.log.next('callEnded')).toEqual({ from: bob.id });
    b.close();
    await a.log.next('userDisconnected', ({ userId }) => userId === bob.id);
  });

  it('jitsi: join, messages, typing, a call, its end', async () => {
    const [alice, bob] = await pair();
    const [a, b] = [await open(alice, {}), await open(bob, {})];
    for (const [client, person] of [
      [a, alice],
      [b, bob],
    ] as const) {
      client.send('join', { userId: person.id, token: person.token });
      expect(await client.log.next('connected')).toMatchObject({ userId: person.id });
    }
    a.send('typing:start', { to: bob.id });
    expect(await b.log.next('typing:start')).toMatchObject({ from: alice.id });
    a.send('message', { to: bob.id, content: 'Hello Bob!', type: 'text' });
    expect(await b.log.next('message')).toMatchObject({ senderId: alice.id, content: 'Hello Bob!' });
    a.send('call:initiate', { to: bob.id, callType: 'video' });
    const { id } = await b.log.next('call:incoming', ({ from }) => from === alice.id);
    b.send('call:respond', { callId: id, response: 'accept', to: alice.id });
    expect(await a.log.next('call:accepted')).toMatchObject({ callId: id, by: bob.id });
    a.send('call:end', { callId: id, to: bob.id });
    expect(await b.log.next('call:ended')).toMatchObject({ callId: id, by: alice.id, reason: 'user_ended' });
  });

  it('expo: messages with acks, a call, its end, in upper and in lower case', async () => {
    const [alice, bob] = await pair();
    const [a, b] = [await open(alice), await open(bob)];
    expect(await b.ask('chat_stop_typing', { to: alice.id })).toMatchObject({ ok: true });
    expect(await a.ask('CHAT_MESSAGE', { to: bob.id, content: 'Hi' })).toMatchObject({ success: true });
    expect(await b.log.next('chat_message')).toMatchObject({ sender: alice.id, content: 'Hi' });
    const placed = await a.ask('CALL_REQUEST', { to: bob.id, type: 'audio', offer });
    const { callId } = await b.log.next('call_request', ({ from }) => from === alice.id);
    expect(placed.callId).toBe(callId);
    expect(await b.ask('call_accept', { callId, answer })).toMatchObject({ ok: true });
    expect(await a.log.next('CALL_ACCEPT')).toMatchObject({ callId, answer });
    a.send('ICE_CANDIDATE', { to: bob.id, candidate });
    expect(await b.log.next('ice_candidate')).toMatchObject({ from: alice.id, candidate });
    a.send('CALL_ENDED', { callId });
    await b.log.next('call_ended', (ended) => ended.callId === callId);
  });

  it('rooms: a room, who is in it, messages, an offer to another, a call, its end', async () => {
    const [alice, bob] = await pair();
    const [a, b] = [await open(alice), await open(bob)];
    const room = await http('POST', `${topology.url(0)}/api/rooms`, {
      token: alice.token,
      body: { name: `room of ${alice.username}` },
    });
    const roomId = room.body.id;
    a.send('join-room', roomId);
    await a.log.next('room-participants', (list) => JSON.stringify(list).includes(alice.username));
    b.send('join-room', { roomId });
    expect(await a.log.next('user-joined')).toMatchObject({ userId: bob.id, roomId });
    b.send('send-message', { roomId, content: 'Hello all' });
    for (const client of [a, b]) {
      expect(await client.log.next('new-message')).toMatchObject({ senderId: bob.id, content: 'Hello all' });
    }
    a.send('webrtc-offer', { roomId, to: bob.id, offer });
    expect(await b.log.next('webrtc-offer')).toMatchObject({ from: alice.id, offer });
    a.send('initiate-call', { to: bob.id, callType: 'video' });
    const { callId } = await b.log.next('incoming-call', ({ from }) => from === alice.id);
    b.send('accept-call', { callId });
    expect(await a.log.next('call-accepted')).toMatchObject({ callId, from: bob.id });
    a.send('end-call', { callId });
    expect(await b.log.next('call-ended')).toMatchObject({ callId, from: alice.id });
    b.send('leave-room', roomId);
    expect(await a.log.next('user-left')).toMatchObject({ userId: bob.id, roomId });
  });

  it('is refused in the words of the documents, and told what it did wrong by ack and by event', async () => {
    const alice = await register(topology, 'Alice');
    await expect(open(alice, { token: 'nonsense' })).rejects.toThrow(/^Authentication error$/);
    const bare = await open(alice, {});
    bare.send('callUser', { targetUserId: '1', signalData: offer });
    expect(await bare.log.next('error')).toMatchObject({ code: 'AUTH_REQUIRED' });
    bare.send('join', { token: alice.token });
    await bare.log.next('connected');
    expect(await bare.ask('message', { to: null })).toMatchObject({
      ok: false,
      error: { code: 'INVALID_DATA' },
    });
    bare.send('message', { to: null });
    expect(await bare.log.next('error', ({ code }) => code === 'INVALID_DATA')).toMatchObject({
      error: expect.any(String),
    });
    expect(await bare.ask('no such event')).toMatchObject({ ok: false, error: { code: 'INVALID_DATA' } });
  });

  it('a client of today in the same conversation and call', async () => {
    const [alice, bob] = await pair();
    await using stage = new Stage(topology);
    const [a, b] = [await open(alice), await stage.native(bob)];
    a.send('message', { to: bob.id, content: 'from years ago' });
    await b.log.next('message.created', ({ message }) => JSON.stringify(message).includes('years ago'));
    await b.ask('chat.send', { to: { userId: alice.id }, content: 'from today' });
    expect(await a.log.next('message', ({ content }) => content === 'from today')).toMatchObject({
      senderId: bob.id,
    });
  });

  it('a ban closes it', async () => {
    const alice = await register(topology, 'Alice');
    const a = await open(alice);
    const { token } = await logIn(topology);
    await http('POST', `${topology.url(0)}/admin/users/${alice.id}/ban`, { token });
    await until('the old client is disconnected', () => !a.socket.connected);
  });
});

it('a banned client that never polls again does not keep the server from stopping', async () => {
  const data = await temporaryFolder();
  const server = await startServer({
    ...SCENARIO_SETTINGS,
    DATA_DIR: data.path,
    PORT: String(await freePort()),
  });
  try {
    const own = { ...topology, url: () => server.url };
    const alice = await register(own, 'Alice');
    const { token } = await logIn(own);
    const a = await OldClient.open('Alice', server.url, 2, { token: alice.token, transports: ['polling'] });
    await http('POST', `${server.url}/admin/users/${alice.id}/ban`, { token });
    await until('the old client is disconnected', () => !a.socket.connected);
    // Its watchdog would end it with 1.
    expect(await server.stop('SIGTERM')).toBe(0);
  } finally {
    await server.stop('SIGKILL');
    await data.remove();
  }
});
