import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { http } from '../harness/http.ts';
import { logIn, type Person, register, Stage } from '../harness/people.ts';
import { RawClient, UpgradeRefused } from '../harness/raw-client.ts';
import type { SocketClient } from '../harness/socket-client.ts';
import { type Topology, topologies } from '../harness/topology.ts';

const offer = { type: 'offer', sdp: 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n' };
const answer = { type: 'answer', sdp: 'v=0\r\no=- 3 4 IN IP4 127.0.0.1\r\n' };
const candidate = {
  candidate: 'candidate:1 1 UDP 2130706431 192.0.2.1 54321 typ host',
  sdpMLineIndex: 0,
  sdpMid: '0',
};

describe.each(topologies)('channels on $name', ({ start }) => {
  let topology: Topology;
  let alice: Person;
  let bob: Person;
  let carol: Person;
  beforeAll(async () => {
    topology = await start({ RATE_LIMIT_MESSAGES: 'off' });
    [alice, bob, carol] = await Promise.all([
      register(topology, 'alice'),
      register(topology, 'bob'),
      register(topology, 'carol'),
    ]);
  });
  afterAll(async () => {
    await topology?.[Symbol.asyncDispose]();
  });

  const newRoom = async (creator = alice): Promise<string> => {
    const body = { name: 'a room of the scenario', room_type: 'video' };
    const made = await http('POST', `${topology.url(0)}/api/rooms/`, { token: creator.token, body });
    expect(made.status).toBe(201);
    return String(made.body.id);
  };
  const deleteRoom = (roomId: string, by = alice) =>
    http('DELETE', `${topology.url(1)}/api/rooms/${roomId}/`, { token: by.token });
  const history = async (roomId: string): Promise<unknown[]> => {
    const url = `${topology.url(1)}/api/rooms/${roomId}/messages/`;
    return (await http('GET', url, { token: carol.token })).body as unknown[];
  };
  const refusal = async (path: string, headers: Record<string, string> = {}): Promise<UpgradeRefused> => {
    const refused = await RawClient.open('nobody', `${topology.url(0)}${path}`, { headers }).catch(
      (error: unknown) => error,
    );
    if (!(refused instanceof UpgradeRefused)) throw new Error(`not refused: ${String(refused)}`);
    return refused;
  };
  const roomsClient = async (stage: Stage, person: Person, roomId: string): Promise<SocketClient> => {
    const client = await stage.silent(person, 1, 'rooms');
    expect(await client.ask('join-room', { roomId })).toMatchObject({ ok: true });
    return client;
  };
  const said = (person: Person, content: string) => ({
    id: expect.any(Number),
    user: { id: Number(person.id), email: person.email, name: person.name },
    content,
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  });

  it('a client of the document talks to itself and others; all is in the history', async () => {
    await using stage = new Stage(topology);
    const roomId = await newRoom();
    const [mine, other] = [await stage.channels(alice, roomId), await stage.channels(bob, Number(roomId), 1)];
    mine.say({ content: 'Hello, everyone!' });
    other.say({ content: 'Hi there!' });
    const hello = { content: 'Hello, everyone!' };
    for (const client of [mine, other]) {
      await client.log.next('message', ({ content }) => content === 'Hi there!');
      const heard = await client.log.next('message', ({ content }) => content === hello.content);
      expect(heard).toEqual(said(alice, hello.content));
    }
    const kept = await history(roomId);
    expect(kept).toHaveLength(2);
    expect(kept).toEqual(expect.arrayContaining([said(alice, 'Hello, everyone!'), said(bob, 'Hi there!')]));
    expect(kept.map((message) => (message as { id: number }).id)).toEqual([1, 2]);
  });

  it('a token is brought in any of three ways, to a path with its slash or without', async () => {
    await using stage = new Stage(topology);
    const roomId = await newRoom();
    const { token } = alice;
    const path = `/ws/chat/${roomId}/`;
    const clients = [
      await stage.channels(alice, roomId),
      await stage.raw('by query', `${path}?token=${token}`),
      await stage.raw('without slash', `/ws/chat/${roomId}?token=${token}`),
      await stage.raw('by subprotocol', path, 0, { protocols: ['bearer', token] }),
      await stage.raw('its own page', `${path}?token=${token}`, 0, { origin: topology.url(0) }),
    ];
    expect(clients.map(({ ws }) => ws.protocol)).toEqual(['', '', '', 'bearer', '']);
    // What browsers have, where Node has it, too.
    const Native = globalThis.WebSocket as typeof globalThis.WebSocket | undefined;
    const heardByNative: unknown[] = [];
    const native = Native && new Native(`${topology.url(0).replace('http', 'ws')}${path}`, ['bearer', token]);
    if (native) {
      native.onmessage = ({ data }) => heardByNative.push(JSON.parse(String(data)));
      await new Promise((resolve, reject) => {
        native.onopen = resolve;
        native.onerror = reject;
      });
    }
    clients[3]?.say({ content: 'to all of me' });
    for (const { log } of clients) await log.next('message', ({ content }) => content === 'to all of me');
    if (native) await until('the native one heard it', () => heardByNative.length === 1);
    native?.close();
  });

  it('who may not come in is told in HTTP', async () => {
    const roomId = await newRoom();
    const path = `/ws/chat/${roomId}/`;
    const good = { Authorization: `Bearer ${alice.token}` };
    const nobody = await refusal(path);
    expect(nobody).toMatchObject({
      status: 401,
      body: { detail: 'Authentication credentials were not provided.' },
    });
    expect(nobody.headers['www-authenticate']).toBe('Bearer realm="api"');
    expect(await refusal(path, { Authorization: 'Bearer nonsense' })).toMatchObject({
      status: 401,
      body: { code: 'token_not_valid' },
    });
    expect(await refusal(`${path}?token=nonsense`)).toMatchObject({ status: 401 });
    for (const missing of ['999999999', '0', 'general', '1%20', '-1']) {
      expect(await refusal(`/ws/chat/${missing}/`, good)).toMatchObject({
        status: 404,
        body: { detail: 'Not found.' },
      });
      expect(await refusal(`/ws/chat/${missing}/`)).toMatchObject({ status: 401 });
    }
    for (const nowhere of ['/ws/chat/', '/ws/', '/ws/rooms/1/', '/', '/api/rooms/']) {
      expect(await refusal(nowhere, good)).toMatchObject({ status: 404 });
    }
    expect(await refusal(path, { ...good, Origin: 'https://evil.example.test' })).toMatchObject({
      status: 403,
      body: { detail: expect.any(String) },
    });
    await deleteRoom(roomId);
    expect(await refusal(path, good)).toMatchObject({ status: 404 });
  });

  it('rooms, channels and native talk in one room, each in its own words', async () => {
    await using stage = new Stage(topology);
    const roomId = await newRoom();
    const raw = await stage.channels(alice, roomId);
    const rooms = await roomsClient(stage, bob, roomId);
    const native = await stage.native(carol, 0);
    expect(await native.ask('room.join', { roomId })).toMatchObject({ ok: true });

    raw.say({ content: 'from channels' });
    expect(await raw.log.next('message')).toEqual(said(alice, 'from channels'));
    await rooms.log.next(
      'new-message',
      ({ content, roomId: at }) => content === 'from channels' && at === roomId,
    );
    await native.log.next('message.created', ({ message }) => (message as { seq: number }).seq === 1);

    await rooms.ask('send-message', { roomId, content: 'from rooms' });
    expect(await raw.log.next('message')).toEqual(said(bob, 'from rooms'));
    await native.ask('chat.send', { to: { roomId }, content: 'from native' });
    expect(await raw.log.next('message')).toEqual(said(carol, 'from native'));
    expect(await history(roomId)).toEqual([
      said(alice, 'from channels'),
      said(bob, 'from rooms'),
      said(carol, 'from native'),
    ]);
  });

  it('signals go to the others in the room, named ones to whom they name, and hanging up is heard', async () => {
    await using stage = new Stage(topology);
    const roomId = await newRoom();
    const [mine, other] = [await stage.channels(alice, roomId), await stage.channels(carol, roomId, 1)];
    const rooms = await roomsClient(stage, bob, roomId);
    const sender_id = Number(alice.id);

    mine.say({ type: 'webrtc-offer', offer });
    expect(await other.log.next('webrtc-offer')).toMatchObject({ type: 'webrtc-offer', sender_id, offer });
    expect(await rooms.log.next('webrtc-offer')).toMatchObject({ from: alice.id, roomId, offer });

    rooms.send('webrtc-answer', { to: alice.id, roomId, answer });
    expect(await mine.log.next('webrtc-answer')).toMatchObject({ sender_id: Number(bob.id), answer });

    other.say({ type: 'webrtc-ice-candidate', candidate });
    expect(await mine.log.next('webrtc-ice-candidate')).toEqual({
      type: 'webrtc-ice-candidate',
      sender_id: Number(carol.id),
      candidate,
    });

    mine.say({ type: 'webrtc-hangup' });
    expect(await other.log.next('webrtc-hangup')).toEqual({ type: 'webrtc-hangup', sender_id });
    expect(await rooms.log.next('call-ended')).toMatchObject({ from: alice.id, roomId, reason: 'hangup' });

    // What came before is here: the room's messages take the same way.
    mine.say({ content: 'done' });
    for (const { log } of [mine, other]) await log.next('message', ({ content }) => content === 'done');
    expect(other.log.count('webrtc-answer')).toBe(0);
    expect(mine.log.count('webrtc-offer') + mine.log.count('webrtc-hangup')).toBe(0);
  });

  it('what makes no sense is dropped without a word, and the socket lives', async () => {
    await using stage = new Stage(topology);
    const roomId = await newRoom();
    const mine = await stage.channels(alice, roomId);
    const nonsense: unknown[] = [
      '',
      '   ',
      '{',
      'null',
      '[]',
      '42',
      '"content"',
      '2["message",{"content":"x"}]',
      '['.repeat(100_000),
      {},
      { content: '' },
      { content: ' \n ' },
      { content: 7 },
      { content: { $gt: '' } },
      { content: null },
      { content: 'x'.repeat(9_000) },
      { content: 'x'.repeat(1_000_000) },
      { type: 'webrtc-offer' },
      { type: 'webrtc-offer', offer: null },
      { type: 'webrtc-ice-candidate', candidate: 'x'.repeat(5_000) },
      { type: 'connect' },
      { type: 'room.join', roomId: '1' },
      '{"__proto__":{"content":"x"},"content":"y"}',
    ];
    for (const frame of nonsense) mine.say(frame);
    mine.ws.send(Buffer.from('{"content":"binary"}'), { binary: true });
    mine.say({ content: 'sense' });
    expect(await mine.log.next('message')).toEqual({ ...said(alice, 'sense'), id: 1 });
    expect(mine.log.all).toHaveLength(1);
    expect(await history(roomId)).toHaveLength(1);
  });

  it('what one says is not who one is', async () => {
    await using stage = new Stage(topology);
    const roomId = await newRoom();
    const [mine, other] = [await stage.channels(alice, roomId), await stage.channels(bob, roomId)];
    mine.say({ type: 'webrtc-offer', offer, sender_id: Number(carol.id), roomId: '1' });
    expect(await other.log.next('webrtc-offer')).toMatchObject({ sender_id: Number(alice.id) });
    mine.say({ content: 'it was carol', user: { id: Number(carol.id) }, sender_id: Number(carol.id) });
    expect(await other.log.next('message')).toEqual(said(alice, 'it was carol'));
  });

  it('a room that is deleted closes its sockets, and no others', async () => {
    await using stage = new Stage(topology);
    const [doomed, spared] = [await newRoom(), await newRoom()];
    const closing = [await stage.channels(alice, doomed), await stage.channels(bob, doomed, 1)];
    const staying = await stage.channels(bob, spared);
    expect((await deleteRoom(doomed)).status).toBe(204);
    for (const client of closing) expect(await client.closed()).toMatchObject({ code: 4404 });
    staying.say({ content: 'still here' });
    await staying.log.next('message');
  });

  it('a session that ends closes its sockets, and opens no more', async () => {
    await using stage = new Stage(topology);
    const roomId = await newRoom();
    const [dave, erin] = [await register(topology, 'dave'), await register(topology, 'erin')];
    const [leaving, banned, staying] = [
      await stage.channels(dave, roomId),
      await stage.channels(erin, roomId, 1),
      await stage.channels(bob, roomId),
    ];
    await http('POST', `${topology.url(0)}/auth/logout/`, { token: dave.token });
    const admin = await logIn(topology);
    await http('POST', `${topology.url(0)}/admin/users/${erin.id}/ban`, { token: admin.token });
    expect(await leaving.closed()).toMatchObject({ code: 4401 });
    expect(await banned.closed()).toMatchObject({ code: 4401 });
    for (const { token } of [dave, erin]) {
      expect(await refusal(`/ws/chat/${roomId}/`, { Authorization: `Bearer ${token}` })).toMatchObject({
        status: 401,
      });
    }
    staying.say({ content: 'not I' });
    await staying.log.next('message');
  });

  it('its sockets are presence and participants, until the last goes without a goodbye', async () => {
    await using stage = new Stage(topology);
    const roomId = await newRoom();
    const frank = await register(topology, 'frank');
    const watcher = await roomsClient(stage, bob, roomId);
    const peer = await stage.peer(carol, 1);
    const ids = (list: unknown): unknown[] => (list as { userId: unknown }[]).map(({ userId }) => userId);
    const [one, two] = [await stage.channels(frank, roomId), await stage.channels(frank, roomId, 1)];
    await watcher.log.next('room-participants', (list) => ids(list).includes(frank.id));
    await peer.log.next('users', (list) => JSON.stringify(list).includes(frank.username));
    one.dropLine();
    expect(await one.closed()).toBeDefined();
    two.say({ content: 'still here' });
    await two.log.next('message');
    expect(watcher.log.count('user-left', ({ userId }) => userId === frank.id)).toBe(0);
    two.dropLine();
    await watcher.log.next('user-left', ({ userId }) => userId === frank.id);
    await watcher.log.next('room-participants', (list) => !ids(list).includes(frank.id));
    await peer.log.next('users', (list) => !JSON.stringify(list).includes(frank.username));
  });

  it('a room full of sockets hears each message once; a user has only so many', async () => {
    await using stage = new Stage(topology);
    const roomId = await newRoom();
    const crowd = await Promise.all(Array.from({ length: 6 }, (_, n) => register(topology, `guest${n}`)));
    const sockets = await Promise.all(
      crowd.flatMap((guest) => Array.from({ length: 20 }, (_, n) => stage.channels(guest, roomId, n))),
    );
    const [first] = crowd;
    expect(await refusal(`/ws/chat/${roomId}/`, { Authorization: `Bearer ${first?.token}` })).toMatchObject({
      status: 429,
      headers: { 'retry-after': expect.any(String) },
    });
    sockets[0]?.say({ content: 'hear' });
    sockets[0]?.say({ content: 'hear again' });
    for (const { log } of sockets) {
      await log.next('message', ({ content }) => content === 'hear again');
      expect(log.count('message', ({ content }) => content === 'hear')).toBe(1);
    }
    sockets[1]?.close();
    await sockets[1]?.closed();
    await until('the place is free again', () =>
      stage.channels(first as Person, roomId).catch(() => undefined),
    );
  });

  it('after a crash clients come back to the same room and the same history', async () => {
    await using stage = new Stage(topology);
    const roomId = await newRoom();
    const [mine, other] = [await stage.channels(alice, roomId), await stage.channels(bob, roomId, 1)];
    mine.say({ content: 'before' });
    await other.log.next('message');
    await topology.crash();
    expect(await mine.closed()).toBeDefined();
    const enter = (person: Person, party: number) =>
      until('the room is open again', () => stage.channels(person, roomId, party).catch(() => undefined));
    const [again, back] = [await enter(bob, 1), await enter(alice, 0)];
    back.say({ content: 'after' });
    // What was delivered a moment before the crash may be delivered once more.
    const after = await again.log.next('message', ({ content }) => content === 'after');
    expect(after).toEqual({ ...said(alice, 'after'), id: 2 });
    expect(await history(roomId)).toEqual([said(alice, 'before'), said(alice, 'after')]);
  });
});
