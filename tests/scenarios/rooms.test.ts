import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { http } from '../harness/http.ts';
import { type Person, register, Stage } from '../harness/people.ts';
import type { SocketClient } from '../harness/socket-client.ts';
import { type Topology, topologies } from '../harness/topology.ts';

const offer = { type: 'offer', sdp: 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n' };
const answer = { type: 'answer', sdp: 'v=0\r\no=- 3 4 IN IP4 127.0.0.1\r\n' };
const candidate = (n: number) => ({
  candidate: `candidate:${n} 1 udp 2130706431 192.0.2.1 5000${n} typ host`,
  sdpMid: '0',
});
type Shown = Record<string, unknown>;

describe.each(topologies)('rooms on $name', { timeout: 60_000 }, ({ start }) => {
  let topology: Topology;
  beforeAll(async () => {
    topology = await start({
      RATE_LIMIT_ROOMS: 'off',
      // Long enough for a busy machine to answer in time, and to come back in.
      RING_TIMEOUT_MS: '4000',
      RECONNECT_GRACE_MS: '4000',
    });
  });
  afterAll(async () => {
    await topology?.[Symbol.asyncDispose]();
  });

  const pair = () => Promise.all([register(topology, 'alice'), register(topology, 'bob')]);
  const trio = () =>
    Promise.all([register(topology, 'alice'), register(topology, 'bob'), register(topology, 'carol')]);
  const get = async (path: string, { token }: Person) =>
    (await http('GET', topology.url(0) + path, { token })).body as Shown[];
  const newRoom = async ({ token }: Person) => {
    const body = { name: `Room ${randomUUID()}`, description: 'To meet' };
    const made = await http('POST', `${topology.url(0)}/api/rooms`, { body, token });
    expect(made.status).toBe(201);
    return made.body as { id: string; name: string };
  };
  const join = async (roomId: string, ...clients: SocketClient[]) => {
    for (const client of clients) expect(await client.ask('join-room', roomId)).toMatchObject({ ok: true });
  };

  /** The list that a client goes by is the last it was sent. */
  const told = (client: SocketClient) =>
    client.log.all.filter(({ event }) => event === 'room-participants').at(-1)?.args[0] as
      | Shown[]
      | undefined;
  const ids = (people: readonly Shown[] = []) => people.map(({ userId }) => String(userId)).sort();
  const hasParticipants = (client: SocketClient, ...people: Person[]) =>
    until(
      `the list holds ${people.map(({ name }) => name).join(' and ') || 'nobody'}`,
      () => String(ids(told(client))) === String(people.map(({ id }) => id).sort()) && told(client),
    );
  const restParticipants = async (roomId: string, by: Person, ...people: Person[]) => {
    const expected = String(people.map(({ id }) => id).sort());
    await until(`GET /api/rooms shows ${expected} in room ${roomId}`, async () => {
      const room = (await get('/api/rooms', by)).find(({ id }) => id === roomId);
      return String([...((room?.participants ?? []) as string[])].sort()) === expected;
    });
  };

  const person = ({ id, username, name }: Person, { socket }: SocketClient) => ({
    userId: id,
    id,
    _id: id,
    socketId: socket.id,
    username,
    name,
  });
  const sender = ({ id, username }: Person, { socket }: SocketClient) => ({
    from: id,
    fromUserId: id,
    senderId: id,
    callerId: id,
    userId: id,
    fromSocketId: socket.id,
    senderSocketId: socket.id,
    username,
  });
  /** Nobody is in a call: each can be called again. */
  const hungUp = async (...people: Person[]) => {
    for (const one of people) {
      await until('the call is over in the history', async () =>
        (await get('/api/call/history', one)).every(({ endedAt }) => endedAt),
      );
    }
  };

  it('joining, talking and leaving, told to everybody in the room', async () => {
    const [alice, bob] = await pair();
    await using stage = new Stage(topology);
    const [a, b] = [await stage.rooms(alice, 0), await stage.rooms(bob, 1)];
    const room = await newRoom(alice);
    expect(await a.ask('join-room', room.id)).toMatchObject({
      ok: true,
      success: true,
      room: { id: room.id, name: room.name, createdBy: alice.id },
      participants: [person(alice, a)],
    });
    const both = await b.ask('join-room', { roomId: room.id });
    expect(both.participants).toHaveLength(2);
    expect(both.participants).toEqual(expect.arrayContaining([person(alice, a), person(bob, b)]));
    expect(await a.log.next('user-joined')).toEqual({ ...person(bob, b), roomId: room.id });
    for (const client of [a, b]) {
      const list = await hasParticipants(client, alice, bob);
      expect(list).toEqual(expect.arrayContaining([person(alice, a), person(bob, b)]));
    }
    await restParticipants(room.id, bob, alice, bob);

    const sent = await a.ask('send-message', { roomId: room.id, content: 'Hello all', senderId: bob.id });
    const shown = {
      _id: sent._id,
      id: sent.id,
      room: room.id,
      roomId: room.id,
      sender: alice.id,
      senderId: alice.id,
      senderName: alice.name,
      username: alice.username,
      content: 'Hello all',
      message: 'Hello all',
      text: 'Hello all',
      timestamp: expect.any(String),
      createdAt: expect.any(String),
    };
    for (const client of [a, b]) expect(await client.log.next('new-message')).toEqual(shown);
    b.send('send-message', room.id, 'Hi');
    expect(await a.log.next('new-message')).toMatchObject({ content: 'Hi', senderId: bob.id });
    await b.log.next('new-message');

    const path = `/api/rooms/${room.id}/messages`;
    const history = await get(path, bob);
    expect(history.map(({ content, sender }) => [content, sender])).toEqual([
      ['Hello all', alice.id],
      ['Hi', bob.id],
    ]);
    expect(history[0]).toMatchObject({ _id: sent._id, room: room.id, senderName: alice.name });
    const [first, second] = history;
    expect((await get(`${path}?limit=1`, bob)).map(({ id }) => id)).toEqual([second?.id]);
    for (const cursor of [second?.id, second?.createdAt]) {
      expect((await get(`${path}?before=${String(cursor)}`, bob)).map(({ id }) => id)).toEqual([first?.id]);
    }

    expect(await b.ask('leave-room', room.id)).toMatchObject({ ok: true });
    expect(await a.log.next('user-left')).toEqual({ ...person(bob, b), roomId: room.id });
    await hasParticipants(a, alice);
    await restParticipants(room.id, bob, alice);
    expect(await b.ask('send-message', room.id, 'Am I here?')).toMatchObject({
      ok: false,
      error: { code: 'PERMISSION_DENIED' },
    });
    b.send('send-message', room.id, 'Am I here?');
    expect(await b.log.next('error')).toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.any(String),
      error: expect.any(String),
    });
    for (const event of ['join-room', 'send-message']) {
      expect(await b.ask(event, '999999999', 'Hello?')).toMatchObject({
        ok: false,
        error: { code: 'ROOM_NOT_FOUND' },
      });
    }
    expect(await get(path, alice)).toHaveLength(2);
  });

  it('participants stay true: more sockets, a lost line, one that comes back', async () => {
    const [alice, bob] = await pair();
    await using stage = new Stage(topology);
    const a = await stage.rooms(alice, 0);
    const room = await newRoom(alice);
    await join(room.id, a);
    const [b1, b2] = [await stage.rooms(bob, 1), await stage.rooms(bob, 0)];
    await join(room.id, b1, b2, b2);
    await a.log.next('user-joined');
    await hasParticipants(a, alice, bob);

    b1.close();
    const stayed = await until('the other socket stands for bob', () =>
      told(a)?.find(({ socketId }) => socketId === b2.socket.id),
    );
    expect(stayed).toEqual(person(bob, b2));
    b2.dropLine(false);
    expect(await a.log.next('user-left')).toMatchObject({ userId: bob.id, roomId: room.id });
    await hasParticipants(a, alice);
    await restParticipants(room.id, bob, alice);
    expect(a.log.count('user-joined')).toBe(1);
    expect(a.log.count('user-left')).toBe(1);

    b2.socket.connect();
    await until('bob is back', () => b2.socket.connected);
    await join(room.id, b2);
    expect(await a.log.next('user-joined')).toMatchObject({ userId: bob.id, socketId: b2.socket.id });
    await hasParticipants(a, alice, bob);
  });

  it('participants stay true when everything is killed and started again', async () => {
    const [alice, bob] = await pair();
    await using stage = new Stage(topology);
    const [a, b] = [await stage.rooms(alice, 0), await stage.rooms(bob, 1)];
    const room = await newRoom(alice);
    await join(room.id, a, b);
    await a.ask('send-message', room.id, 'Before');
    await hasParticipants(a, alice, bob);

    // Bob does not come back.
    b.socket.io.reconnection(false);
    await topology.crash();
    await until('alice is connected again', () => a.socket.connected, 15_000);
    const rejoined = await until('alice is in the room again', async () => {
      const reply = await a.ask('join-room', room.id);
      return reply.ok === true && reply;
    });
    expect(rejoined.room).toMatchObject({ id: room.id, name: room.name });
    await restParticipants(room.id, alice, alice);
    await a.ask('send-message', room.id, 'After');
    await hasParticipants(a, alice);
    const history = await get(`/api/rooms/${room.id}/messages`, bob);
    expect(history.map(({ content }) => content)).toEqual(['Before', 'After']);
  });

  it('a deleted room is empty and unknown', async () => {
    const [alice, bob] = await pair();
    await using stage = new Stage(topology);
    const b = await stage.rooms(bob, 1);
    const room = await newRoom(alice);
    await join(room.id, b);
    await hasParticipants(b, bob);
    const gone = await http('DELETE', `${topology.url(0)}/api/v1/rooms/${room.id}`, { token: alice.token });
    expect(gone.status).toBe(204);
    await hasParticipants(b);
    expect(await b.ask('send-message', room.id, 'Anybody?')).toMatchObject({
      ok: false,
      error: { code: 'ROOM_NOT_FOUND' },
    });
  });

  it('signalling in a room: to all others, to a user, to a socket, and to nobody outside', async () => {
    const [alice, bob, carol] = await trio();
    await using stage = new Stage(topology);
    const [a, b, c] = [await stage.rooms(alice, 0), await stage.rooms(bob, 1), await stage.rooms(carol, 0)];
    const room = await newRoom(alice);
    await join(room.id, a, b, c);
    const from = { ...sender(alice, a), roomId: room.id };

    expect(await a.ask('webrtc-offer', { roomId: room.id, offer })).toMatchObject({
      ok: true,
      relayed: true,
    });
    for (const client of [b, c]) {
      expect(await client.log.next('webrtc-offer')).toEqual({ ...from, offer, sdp: offer.sdp });
    }
    a.send('webrtc-ice-candidate', room.id, candidate(0));
    for (const client of [b, c]) {
      expect(await client.log.next('webrtc-ice-candidate')).toEqual({ ...from, candidate: candidate(0) });
    }
    expect(a.log.count('webrtc-offer') + a.log.count('webrtc-ice-candidate')).toBe(0);

    await b.ask('webrtc-answer', { to: alice.id, from: carol.id, answer });
    expect(await a.log.next('webrtc-answer')).toEqual({
      ...sender(bob, b),
      roomId: room.id,
      answer,
      sdp: answer.sdp,
    });
    await b.ask('webrtc-ice-candidate', { targetSocketId: a.socket.id, candidate: candidate(1) });
    expect(await a.log.next('webrtc-ice-candidate')).toMatchObject({
      from: bob.id,
      candidate: candidate(1),
    });
    await b.ask('webrtc-answer', { roomId: room.id, target: a.socket.id, sdp: answer });
    expect(await a.log.next('webrtc-answer')).toMatchObject({ from: bob.id, answer, sdp: answer });
    expect(c.log.count('webrtc-answer') + c.log.count('webrtc-ice-candidate')).toBe(1);

    // The only room that one is in needs no name.
    await a.ask('webrtc-offer', offer);
    expect(await b.log.next('webrtc-offer')).toMatchObject({ from: alice.id, offer });
    await a.ask('end-call', { roomId: room.id });
    for (const client of [b, c]) {
      expect(await client.log.next('call-ended')).toEqual({
        from: alice.id,
        by: alice.id,
        userId: alice.id,
        roomId: room.id,
        reason: 'hangup',
      });
    }

    const mallory = await register(topology, 'mallory');
    const m = await stage.rooms(mallory, 1);
    for (const target of [{ to: alice.id }, { to: a.socket.id }, { roomId: room.id }]) {
      expect(await m.ask('webrtc-offer', { ...target, offer })).toMatchObject({
        ok: false,
        error: { code: 'PERMISSION_DENIED' },
      });
    }
    expect(await a.ask('webrtc-offer', { to: mallory.id, offer })).toMatchObject({
      ok: false,
      error: { code: 'PERMISSION_DENIED' },
    });
    expect(m.log.count('webrtc-offer')).toBe(0);
    expect(a.log.count('webrtc-offer')).toBe(0);
  });

  it('a call by user id: accept first, then offer, answer and candidates between the two alone', async () => {
    const [alice, bob] = await pair();
    await using stage = new Stage(topology);
    const [a, b] = [await stage.rooms(alice, 0), await stage.rooms(bob, 1)];
    const otherB = await stage.rooms(bob, 0);
    const placed = await a.ask('initiate-call', { targetUserId: bob.id, callType: 'audio', from: bob.id });
    expect(placed).toMatchObject({ ok: true, callId: expect.any(String) });
    const { callId } = placed;
    const ring = {
      callId,
      from: alice.id,
      fromUserId: alice.id,
      callerId: alice.id,
      fromName: alice.name,
      callerName: alice.name,
      username: alice.username,
      callType: 'audio',
      type: 'audio',
      isVideo: false,
    };
    for (const client of [b, otherB]) expect(await client.log.next('incoming-call')).toEqual(ring);
    expect(await b.ask('accept-call', { callerId: alice.id })).toMatchObject({ ok: true, callId });
    const by = (one: Person) => ({ from: one.id, by: one.id, userId: one.id });
    expect(await a.log.next('call-accepted')).toEqual({ callId, ...by(bob) });
    expect(await otherB.log.next('call-ended')).toMatchObject({
      callId,
      from: alice.id,
      reason: 'answered_elsewhere',
    });

    await a.ask('webrtc-offer', { to: bob.id, offer });
    expect(await b.log.next('webrtc-offer')).toMatchObject({
      from: alice.id,
      username: alice.username,
      callId,
      offer,
      sdp: offer.sdp,
    });
    b.send('webrtc-answer', { to: alice.id, answer });
    expect(await a.log.next('webrtc-answer')).toMatchObject({ from: bob.id, callId, answer });
    await a.ask('webrtc-ice-candidate', { callId, candidate: candidate(0) });
    expect(await b.log.next('webrtc-ice-candidate')).toMatchObject({ callId, candidate: candidate(0) });
    // Without a target: to the other side.
    await b.ask('webrtc-ice-candidate', { candidate: candidate(1) });
    expect(await a.log.next('webrtc-ice-candidate')).toMatchObject({ callId, candidate: candidate(1) });

    expect(await b.ask('end-call')).toMatchObject({ ok: true, callId });
    expect(await a.log.next('call-ended')).toEqual({ callId, ...by(bob), reason: 'hangup' });
    await hungUp(alice);
    expect(otherB.log.all.filter(({ event }) => event.startsWith('webrtc-'))).toEqual([]);
    expect(b.log.count('call-ended')).toBe(0);
    const [call] = await get('/api/call/history', bob);
    expect(call).toMatchObject({
      _id: callId,
      caller: alice.id,
      receiver: bob.id,
      type: 'audio',
      status: 'ended',
    });
  });

  it('a call by socket id, to one who shares a room', async () => {
    const [alice, bob] = await pair();
    await using stage = new Stage(topology);
    const [a, b] = [await stage.rooms(alice, 0), await stage.rooms(bob, 1)];
    expect(await a.ask('initiate-call', { to: b.socket.id })).toMatchObject({ ok: false });
    const room = await newRoom(alice);
    await join(room.id, a, b);
    const { callId } = await a.ask('initiate-call', { to: b.socket.id, type: 'video' });
    expect(await b.log.next('incoming-call')).toMatchObject({ callId, from: alice.id, isVideo: true });
    await b.ask('accept-call', { to: a.socket.id });
    expect(await a.log.next('call-accepted')).toMatchObject({ callId, from: bob.id });
    await a.ask('webrtc-offer', { to: b.socket.id, offer });
    expect(await b.log.next('webrtc-offer')).toMatchObject({ callId, from: alice.id, offer });
    await a.ask('end-call', { targetSocketId: b.socket.id });
    expect(await b.log.next('call-ended')).toMatchObject({ callId, from: alice.id, reason: 'hangup' });
    await hungUp(alice);
  });

  it('a call to a room rings all others in it; the first answer wins', async () => {
    const [alice, bob, carol] = await trio();
    const dave = await register(topology, 'dave');
    await using stage = new Stage(topology);
    const [a, b, c] = [await stage.rooms(alice, 0), await stage.rooms(bob, 1), await stage.rooms(carol, 0)];
    const d = await stage.rooms(dave, 1);
    const room = await newRoom(bob);
    await join(room.id, a, b, c);
    const { callId } = await a.ask('initiate-call', room.id);
    for (const client of [b, c]) {
      expect(await client.log.next('incoming-call')).toMatchObject({
        callId,
        from: alice.id,
        roomId: room.id,
      });
    }
    await c.ask('accept-call', callId);
    expect(await a.log.next('call-accepted')).toMatchObject({ callId, from: carol.id, roomId: room.id });
    expect(await b.log.next('call-ended')).toMatchObject({ callId, reason: 'answered_elsewhere' });
    await a.ask('webrtc-offer', { to: carol.id, offer });
    expect(await c.log.next('webrtc-offer')).toMatchObject({ callId, from: alice.id, offer });
    await c.ask('end-call', callId);
    expect(await a.log.next('call-ended')).toMatchObject({ callId, from: carol.id, reason: 'hangup' });
    await hungUp(alice, carol);
    expect(b.log.count('webrtc-offer')).toBe(0);
    expect(d.log.count('incoming-call')).toBe(0);

    // One who is not in the room cannot ring it.
    expect(await d.ask('initiate-call', { roomId: room.id })).toMatchObject({
      ok: false,
      error: { code: 'PERMISSION_DENIED' },
    });
    expect(await d.ask('initiate-call', { roomId: '999999999' })).toMatchObject({
      ok: false,
      error: { code: 'ROOM_NOT_FOUND' },
    });
  });

  it('calls that come to nothing: refused, busy, unanswered, given up, nobody there, lost', async () => {
    const [alice, bob, carol] = await trio();
    await using stage = new Stage(topology);
    const [a, b, c] = [await stage.rooms(alice, 0), await stage.rooms(bob, 1), await stage.rooms(carol, 0)];
    const call = async (more: object = {}) => {
      const { callId } = await a.ask('initiate-call', { to: bob.id, ...more });
      await b.log.next('incoming-call', (ring) => ring.callId === callId);
      return callId as string;
    };

    const refused = await call();
    await b.ask('reject-call', { callId: refused });
    expect(await a.log.next('call-rejected')).toEqual({
      callId: refused,
      from: bob.id,
      by: bob.id,
      userId: bob.id,
      reason: 'rejected',
    });
    const engaged = await call();
    await b.ask('reject-call', { to: alice.id, reason: 'busy' });
    expect(await a.log.next('call-rejected')).toMatchObject({ callId: engaged, reason: 'busy' });

    const unanswered = await call();
    for (const client of [a, b]) {
      expect(await client.log.next('call-ended', undefined, 15_000)).toMatchObject({
        callId: unanswered,
        reason: 'timeout',
      });
    }
    const givenUp = await call();
    await a.ask('end-call', bob.id);
    expect(await b.log.next('call-ended')).toMatchObject({
      callId: givenUp,
      from: alice.id,
      reason: 'cancelled',
    });

    const current = await call();
    c.send('initiate-call', { to: bob.id });
    expect(await c.log.next('call-rejected')).toMatchObject({ from: bob.id, reason: 'busy' });
    await b.ask('accept-call', current);
    await a.log.next('call-accepted');
    // A bystander changes nothing.
    for (const event of ['accept-call', 'reject-call', 'end-call']) {
      expect(await c.ask(event, { callId: current })).toMatchObject({
        ok: false,
        error: { code: 'PERMISSION_DENIED' },
      });
      expect(await c.ask(event, { callId: randomUUID() })).toMatchObject({
        ok: false,
        error: { code: 'CALL_NOT_FOUND' },
      });
    }
    b.dropLine(false);
    expect(await a.log.next('call-ended', undefined, 15_000)).toMatchObject({
      callId: current,
      from: bob.id,
      reason: 'network_error',
    });
    a.send('initiate-call', { to: bob.id });
    expect(await a.log.next('call-rejected')).toMatchObject({ from: bob.id, reason: 'unavailable' });
    await hungUp(alice, bob);
  });

  it('a party that comes back within the grace goes on with its call', async () => {
    const [alice, bob] = await pair();
    await using stage = new Stage(topology);
    const [a, b] = [await stage.rooms(alice, 0), await stage.rooms(bob, 1)];
    const { callId } = await a.ask('initiate-call', { to: bob.id });
    await b.log.next('incoming-call');
    await b.ask('accept-call', callId);
    await a.log.next('call-accepted');
    b.dropLine(true);
    await until('bob is connected again', () => b.socket.connected);
    await until('signals reach bob', async () => {
      const sent = await a.ask('webrtc-offer', { to: bob.id, offer });
      return sent.relayed === true;
    });
    expect(await b.log.next('webrtc-offer')).toMatchObject({ callId, from: alice.id, offer });
    await b.ask('end-call', callId);
    expect(await a.log.next('call-ended')).toMatchObject({ callId, reason: 'hangup' });
    await hungUp(alice);
  });

  describe('with other vocabularies', () => {
    it('room chat and signals with native', async () => {
      const [alice, bob] = await pair();
      await using stage = new Stage(topology);
      const [a, n] = [await stage.rooms(alice, 0), await stage.native(bob, 1)];
      const room = await newRoom(alice);
      await join(room.id, a);
      expect(await n.ask('room.join', { roomId: room.id })).toMatchObject({ ok: true });
      expect(await a.log.next('user-joined')).toEqual({ ...person(bob, n), roomId: room.id });
      const { id } = await a.ask('send-message', room.id, 'Hello');
      expect(await n.log.next('message.created')).toMatchObject({ message: { id, roomId: room.id } });
      await n.ask('chat.send', { to: { roomId: room.id }, content: 'Hi' });
      await a.log.next('new-message', ({ content }) => content === 'Hello');
      expect(await a.log.next('new-message')).toMatchObject({ content: 'Hi', senderId: bob.id });
      await a.ask('webrtc-offer', { to: bob.id, offer });
      expect(await n.log.next('room.signal')).toMatchObject({
        from: { id: alice.id },
        signal: { kind: 'offer', payload: offer },
        direct: true,
      });
      await n.ask('room.signal', {
        roomId: room.id,
        to: { userId: alice.id },
        signal: { kind: 'answer', payload: answer },
      });
      expect(await a.log.next('webrtc-answer')).toMatchObject({ from: bob.id, roomId: room.id, answer });
      await n.ask('room.signal', { roomId: room.id, signal: { kind: 'hangup' } });
      expect(await a.log.next('call-ended')).toMatchObject({ from: bob.id, reason: 'hangup' });
      n.close();
      expect(await a.log.next('user-left')).toMatchObject({ userId: bob.id });
    });

    it('calls from those that offer first: the offer with the ring, and again after the accept', async () => {
      const [alice, bob] = await pair();
      await using stage = new Stage(topology);
      const b = await stage.rooms(bob, 1);

      const p = await stage.peer(alice, 0);
      const { callId } = await p.ask('callUser', { targetUserId: bob.id, signalData: offer });
      expect(await b.log.next('incoming-call')).toMatchObject({ callId, from: alice.id, offer });
      p.send('iceCandidate', { targetUserId: bob.id, candidate: candidate(0) });
      await b.ask('accept-call', callId);
      expect(await b.log.next('webrtc-offer')).toMatchObject({ callId, from: alice.id, offer });
      await b.ask('webrtc-answer', { to: alice.id, answer });
      expect(await p.log.next('callAccepted')).toEqual({ from: bob.id, signalData: answer });
      expect(await b.log.next('webrtc-ice-candidate')).toMatchObject({ candidate: candidate(0) });
      await b.ask('webrtc-ice-candidate', { to: alice.id, candidate: candidate(1) });
      expect(await p.log.next('iceCandidate')).toEqual({ from: bob.id, candidate: candidate(1) });
      await p.ask('endCall', { targetUserId: bob.id });
      expect(await b.log.next('call-ended')).toMatchObject({ callId, reason: 'hangup' });
      await hungUp(alice);
      p.close();

      const e = await stage.expo(alice, 0);
      const second = await e.ask('CALL_REQUEST', { to: bob.id, type: 'video', offer });
      expect(await b.log.next('incoming-call')).toMatchObject({ callId: second.callId, offer });
      await b.ask('accept-call', { callId: second.callId, answer });
      expect(await e.log.next('CALL_ACCEPT')).toEqual({ callId: second.callId, from: bob.id, answer });
      await b.ask('end-call');
      expect(await e.log.next('CALL_ENDED')).toMatchObject({ callId: second.callId });
      await hungUp(alice);
    });

    it('calls between those that accept first', async () => {
      const [alice, bob] = await pair();
      await using stage = new Stage(topology);
      const [a, n, e] = [await stage.rooms(alice, 0), await stage.native(bob, 1), await stage.expo(bob, 0)];
      const p = await stage.silent(bob, 1, 'peer');
      const { callId } = await a.ask('initiate-call', { to: bob.id, callType: 'video' });
      await n.log.next('call.incoming');
      await e.log.next('CALL_REQUEST');
      await n.ask('call.answer', { callId });
      expect(await a.log.next('call-accepted')).toMatchObject({ callId, from: bob.id });
      await e.log.next('CALL_ENDED');
      await a.ask('webrtc-offer', { to: bob.id, offer });
      expect(await n.log.next('call.signal')).toMatchObject({ signal: { kind: 'offer', payload: offer } });
      await n.ask('call.signal', { callId, signal: { kind: 'answer', payload: answer } });
      expect(await a.log.next('webrtc-answer')).toMatchObject({ callId, from: bob.id, answer });
      await n.ask('call.end', { callId });
      await a.log.next('call-ended');
      await hungUp(alice);
      expect(p.log.count('incomingCall') + p.log.count('callEnded')).toBe(0);

      const back = await n.ask('call.place', { to: { userId: alice.id }, kind: 'voice' });
      const backId = (back.call as Shown).id;
      expect(await a.log.next('incoming-call')).toMatchObject({ callId: backId, callType: 'audio' });
      await a.ask('accept-call', backId);
      await n.log.next('call.answered');
      await n.ask('call.signal', { callId: backId, signal: { kind: 'offer', payload: offer } });
      expect(await a.log.next('webrtc-offer')).toMatchObject({ callId: backId, offer });
      await a.ask('webrtc-answer', { callId: backId, answer });
      expect(await n.log.next('call.signal')).toMatchObject({ signal: { kind: 'answer', payload: answer } });
      await a.ask('end-call');
      await n.log.next('call.ended', ({ call }) => (call as Shown).id === backId);
      await hungUp(alice);

      // With an offer it rings those as well that only take one, and what comes later is the answer to it.
      const offered = await a.ask('initiate-call', { to: bob.id, offer });
      expect(await p.log.next('incomingCall')).toMatchObject({ from: alice.id, signalData: offer });
      await n.log.next('call.incoming');
      await n.ask('call.answer', { callId: offered.callId });
      expect(await a.log.next('call-accepted')).not.toHaveProperty('answer');
      await n.ask('call.signal', { callId: offered.callId, signal: { kind: 'answer', payload: answer } });
      expect(await a.log.next('webrtc-answer')).toMatchObject({ callId: offered.callId, answer });
      await a.ask('end-call');
      await hungUp(alice);
    });

    it('a device that takes only offers, or another medium, is not rung without', async () => {
      const [alice, bob] = await pair();
      await using stage = new Stage(topology);
      const [a, p, j] = [
        await stage.rooms(alice, 0),
        await stage.silent(bob, 1, 'peer'),
        await stage.jitsi(bob, 0),
      ];
      expect(await a.ask('initiate-call', { to: bob.id })).toMatchObject({
        ok: false,
        error: { code: 'USER_UNAVAILABLE' },
      });
      expect(await a.log.next('call-rejected')).toMatchObject({ from: bob.id, reason: 'unavailable' });
      j.send('call:initiate', { to: alice.id, callType: 'voice' });
      expect(await j.log.next('call:failed')).toMatchObject({ reason: 'user_unavailable' });
      expect(p.log.count('incomingCall') + j.log.count('call:incoming')).toBe(0);
      expect(a.log.count('incoming-call')).toBe(0);
    });
  });

  it('an undeclared socket hears rooms until it speaks another vocabulary', async () => {
    const [alice, bob] = await pair();
    await using stage = new Stage(topology);
    const [a, quiet] = [await stage.rooms(alice, 0), await stage.silent(bob, 1)];
    // Told who is here, it is one of them, and can be rung.
    await quiet.log.next('users');
    const first = await a.ask('initiate-call', { to: bob.id });
    expect(await quiet.log.next('incoming-call')).toMatchObject({ callId: first.callId });
    await quiet.log.next('CALL_REQUEST');
    await a.ask('end-call');
    await quiet.log.next('call-ended');
    await hungUp(alice);

    await quiet.ask('CHAT_STOP_TYPING', { to: alice.id });
    await a.ask('initiate-call', { to: bob.id });
    await quiet.log.next('CALL_REQUEST');
    await a.ask('end-call');
    await quiet.log.next('CALL_ENDED');
    await quiet.log.next('CALL_ENDED');
    expect(quiet.log.count('incoming-call')).toBe(1);
    await hungUp(alice);
  });
});
