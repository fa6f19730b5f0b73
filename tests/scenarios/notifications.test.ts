import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ExpoMessage,
  type ExpoStandIn,
  startExpoStandIn,
} from '../../services/notification/src/testing/expo-stand-in.ts';
import { until } from '../harness/event-log.ts';
import { http } from '../harness/http.ts';
import { logIn, type Person, register, Stage } from '../harness/people.ts';
import { type Topology, topologies } from '../harness/topology.ts';

const offer = { type: 'offer', sdp: 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n' };
const answer = { type: 'answer', sdp: 'v=0\r\no=- 3 4 IN IP4 127.0.0.1\r\n' };
/** Long enough for a push to be sent, shown and acted upon on a slow machine; once it is waited for. */
const RING_MS = 20_000;
const SETTINGS = {
  RING_TIMEOUT_MS: String(RING_MS),
  // What a connected device does not say in time is another test's.
  RING_ACK_MS: '60000',
  RATE_LIMIT_MESSAGES: 'off',
  RATE_LIMIT_CALLS: 'off',
  RATE_LIMIT_DEVICES: 'off',
  EXPO_RECEIPT_DELAY_MS: '0',
};
const PATIENCE_MS = 30_000;

const direct = (a: Person, b: Person) =>
  Number(a.id) < Number(b.id) ? `d:${a.id}:${b.id}` : `d:${b.id}:${a.id}`;

/** A phone that is signed in and whose app is closed. */
interface Phone {
  readonly token: string;
  readonly accessToken: string;
}

describe.each(topologies)('notifications on $name', ({ start }) => {
  let expo: ExpoStandIn;
  let topology: Topology;
  beforeAll(async () => {
    expo = await startExpoStandIn();
    topology = await start({ ...SETTINGS, EXPO_BASE_URL: expo.url });
  });
  afterAll(async () => {
    await topology?.[Symbol.asyncDispose]();
    await expo?.[Symbol.asyncDispose]();
    expect(expo?.complaints ?? []).toEqual([]);
  });

  const api = (method: string, path: string, token: string, body?: unknown) =>
    http(method, `${topology.url(0)}/api/v1${path}`, { token, ...(body === undefined ? {} : { body }) });
  const pushToken = () => `ExponentPushToken[${randomBytes(11).toString('base64url')}]`;
  /** @param session Of the app; one of its own when absent. */
  const phoneOf = async (person: Person, session?: string, dialect = 'native'): Promise<Phone> => {
    const accessToken = session ?? (await logIn(topology, person.username, person.password)).token;
    const token = pushToken();
    const body = { kind: 'expo', token, platform: 'android', dialect };
    expect((await api('POST', '/devices', accessToken, body)).status).toBe(201);
    return { token, accessToken };
  };
  const pushes = ({ token }: Phone, type?: string) =>
    expo.got(token).filter(({ data }) => type === undefined || data.type === type);
  /** The first push of that kind that fits, come or to come. */
  const shows = (phone: Phone, type: string, fits: (push: ExpoMessage) => boolean = () => true) =>
    until(`a phone is pushed ${type}`, () => pushes(phone, type).find(fits), PATIENCE_MS);
  const people = async (...names: string[]): Promise<Person[]> =>
    Promise.all(names.map((name) => register(topology, name)));
  const two = async () => {
    const [alice, bob] = await people('alice', 'bob');
    if (!alice || !bob) throw new RangeError('two people');
    return { alice, bob };
  };
  const place = { kind: 'voice', offer };

  it('answered elsewhere: a phone whose app is closed rings and falls silent, and what answered is told nothing', async () => {
    const { alice, bob } = await two();
    await using stage = new Stage(topology);
    const phone = await phoneOf(bob);
    const laptop = await phoneOf(bob, bob.token);
    const [a, b] = [await stage.native(alice, 0), await stage.native(bob, 1)];
    const placed = await a.ask('call.place', { to: { userId: bob.id }, ...place });
    const callId = (placed.call as { id: string }).id;
    await b.log.next('call.incoming');
    const incoming = await shows(phone, 'call.incoming');
    expect(incoming).toMatchObject({
      title: 'alice',
      priority: 'high',
      channelId: 'calls',
      data: { callId, kind: 'voice', media: 'p2p', from: { id: alice.id, name: 'alice' } },
    });
    expect(incoming.ttl).toBeLessThanOrEqual(RING_MS / 1_000);
    expect((await b.ask('call.answer', { answer })).ok).toBe(true);
    const cancelled = await shows(phone, 'call.cancelled');
    expect(cancelled).toMatchObject({
      collapseId: incoming.collapseId,
      data: { callId, reason: 'answered_elsewhere' },
    });
    // Nothing to see: it only falls silent.
    expect(cancelled).not.toHaveProperty('title');
    expect((await a.ask('call.end', {})).ok).toBe(true);
    await b.log.next('call.ended');
    expect(pushes(laptop)).toEqual([]);
    expect(pushes(phone, 'call.missed')).toEqual([]);
  });

  it('a missed call: given up by the caller, and not answered in time', async () => {
    const { alice, bob } = await two();
    await using stage = new Stage(topology);
    const phone = await phoneOf(bob);
    const a = await stage.native(alice, 0);
    for (const how of ['given up', 'not answered']) {
      const placed = await a.ask('call.place', { to: { userId: bob.id }, ...place });
      const callId = (placed.call as { id: string }).id;
      const about = ({ data }: ExpoMessage) => data.callId === callId;
      await shows(phone, 'call.incoming', about);
      if (how === 'given up') expect((await a.ask('call.end', {})).ok).toBe(true);
      expect(await shows(phone, 'call.missed', about)).toMatchObject({
        title: 'alice',
        body: 'Missed voice call',
        badge: 0,
        data: { from: { id: alice.id } },
      });
    }
  });

  it('wake-up by push: an app that was closed rings, connects, and is told the call in its own words at once', async () => {
    const { alice, bob } = await two();
    await using stage = new Stage(topology);
    const token = pushToken();
    const saved = await http('POST', `${topology.url(0)}/api/auth/expo-push-token`, {
      token: bob.token,
      body: { expoPushToken: token },
    });
    expect(saved.status).toBe(200);
    const a = await stage.native(alice, 0);
    const placed = await a.ask('call.place', { to: { userId: bob.id }, ...place });
    expect(placed.ok).toBe(true);
    const { data } = await shows({ token, accessToken: bob.token }, 'call.incoming');
    const b = await stage.expo(bob, 1);
    const { callId } = await b.log.next('CALL_REQUEST');
    expect(callId).toBe(data.callId);
    b.send('CALL_ACCEPT', { callId, answer });
    expect(await a.log.next('call.answered')).toMatchObject({ call: { id: callId }, answer });
    expect((await a.ask('call.end', {})).ok).toBe(true);
    await b.log.next('CALL_ENDED');
    expect(expo.got(token).map((push) => push.data.type)).toEqual(['call.incoming']);
  });

  it('nobody to wake: a call to who is away without a push target is unavailable, as before', async () => {
    const { alice, bob } = await two();
    await using stage = new Stage(topology);
    const a = await stage.native(alice, 0);
    const placing = { to: { userId: bob.id }, ...place };
    expect(await a.ask('call.place', placing)).toMatchObject({ error: { code: 'USER_UNAVAILABLE' } });
    const phone = await phoneOf(bob);
    expect((await a.ask('call.place', { ...placing, callId: randomUUID() })).ok).toBe(true);
    await shows(phone, 'call.incoming');
    expect((await a.ask('call.end', {})).ok).toBe(true);
    await shows(phone, 'call.missed');
    expect((await api('POST', '/auth/logout', phone.accessToken)).status).toBeLessThan(300);
    await until('the phone is not reached any more', async () => {
      const again = await a.ask('call.place', { ...placing, callId: randomUUID() });
      if (again.ok) await a.ask('call.end', {});
      return !again.ok;
    });
  });

  it('logged out: what is said then is pushed to the other phone alone', async () => {
    const { alice, bob } = await two();
    await using stage = new Stage(topology);
    const [left, kept] = [await phoneOf(bob), await phoneOf(bob)];
    const a = await stage.native(alice, 0);
    const say = (content: string) => a.ask('chat.send', { to: { userId: bob.id }, content });
    await say('one');
    for (const phone of [left, kept]) await shows(phone, 'message', ({ data }) => data.seq === 1);
    expect((await api('POST', '/auth/logout', left.accessToken)).status).toBeLessThan(300);
    await until('its device is gone with the session', async () => {
      const { body } = await api('GET', '/devices', kept.accessToken);
      return body.devices.length === 1;
    });
    await say('two');
    await shows(kept, 'message', ({ data }) => data.seq === 2);
    await say('three');
    await shows(kept, 'message', ({ data }) => data.seq === 3);
    expect(pushes(left).map(({ data }) => data.seq)).toEqual([1]);
  });

  it('a message to somebody who is away: with what is unread there and everywhere', async () => {
    const [alice, bob, carol] = await people('alice', 'bob', 'carol');
    if (!alice || !bob || !carol) throw new RangeError('three people');
    await using stage = new Stage(topology);
    const phone = await phoneOf(bob);
    const [a, c] = [await stage.native(alice, 0), await stage.native(carol, 1)];
    for (const content of ['one', 'two']) {
      await a.ask('chat.send', { to: { userId: bob.id }, content });
    }
    const second = await shows(phone, 'message', ({ data }) => data.seq === 2);
    expect(second).toMatchObject({
      title: 'alice',
      body: 'two',
      badge: 2,
      channelId: 'messages',
      data: { conversationId: direct(alice, bob), unread: 2, badge: 2, from: { id: alice.id } },
    });
    await c.ask('chat.send', { to: { userId: bob.id }, content: 'and I' });
    const other = await shows(phone, 'message', ({ data }) => data.conversationId === direct(bob, carol));
    expect(other).toMatchObject({ title: 'carol', badge: 3, data: { unread: 1 } });
    expect(other.collapseId).not.toBe(second.collapseId);
  });

  it('read on another device: the notification goes away, and the badge falls', async () => {
    const { alice, bob } = await two();
    await using stage = new Stage(topology);
    const phone = await phoneOf(bob);
    const a = await stage.native(alice, 0);
    await a.ask('chat.send', { to: { userId: bob.id }, content: 'hello' });
    const { collapseId } = await shows(phone, 'message');
    const b = await stage.native(bob, 1);
    expect((await b.ask('chat.read', { conversationId: direct(alice, bob) })).ok).toBe(true);
    const read = await shows(phone, 'conversation.read');
    expect(read).toMatchObject({ collapseId, badge: 0, data: { upToSeq: 1 } });
    expect(read).not.toHaveProperty('title');
  });

  it('quiet hours and mute: nothing comes meanwhile', async () => {
    const { alice, bob } = await two();
    await using stage = new Stage(topology);
    const phone = await phoneOf(bob);
    const a = await stage.native(alice, 0);
    const shown = (at: number) => new Date(at).toISOString().slice(11, 16);
    const from = shown(Date.now() - 3_600_000);
    const to = shown(Date.now() + 3_600_000);
    const preferences = { messages: { direct: 'all', rooms: 'mentions' }, previews: true };
    const prefer = async (more: object) => {
      const reply = await api('PUT', '/notifications/preferences', phone.accessToken, {
        ...preferences,
        ...more,
      });
      expect(reply.status).toBe(200);
    };
    const say = (content: string) => a.ask('chat.send', { to: { userId: bob.id }, content });
    const placing = () => ({ to: { userId: bob.id }, callId: randomUUID(), ...place });

    await prefer({ quietHours: { from, to, timeZone: 'UTC', calls: 'ring' } });
    await say('at night');
    // A call may ring.
    expect((await a.ask('call.place', placing())).ok).toBe(true);
    await shows(phone, 'call.incoming');
    expect((await a.ask('call.end', {})).ok).toBe(true);
    await shows(phone, 'call.missed');
    await prefer({ quietHours: { from, to, timeZone: 'UTC', calls: 'silent' } });
    expect(await a.ask('call.place', placing())).toMatchObject({ error: { code: 'USER_UNAVAILABLE' } });

    await prefer({});
    const conversation = `/conversations/${encodeURIComponent(direct(alice, bob))}/notifications`;
    const mutedUntil = new Date(Date.now() + 3_600_000).toISOString();
    expect((await api('PUT', conversation, phone.accessToken, { mutedUntil })).status).toBe(200);
    await say('muted');
    const carol = await register(topology, 'carol');
    const witness = await phoneOf(carol);
    await a.ask('chat.send', { to: { userId: carol.id }, content: 'hello' });
    await shows(witness, 'message');

    expect((await api('DELETE', conversation, phone.accessToken)).status).toBe(204);
    await say('at last');
    await shows(phone, 'message', ({ data }) => data.seq === 3);
    expect(pushes(phone, 'message').map(({ data }) => [data.seq, data.unread])).toEqual([[3, 3]]);
  });

  it('a room: whoever is named is pushed, others as they like', async () => {
    const [alice, bob, carol] = await people('alice', 'bob', 'carol');
    if (!alice || !bob || !carol) throw new RangeError('three people');
    await using stage = new Stage(topology);
    const made = await api('POST', '/rooms', alice.token, { name: `Room ${randomUUID().slice(0, 8)}` });
    const roomId = made.body.room.id as string;
    const conversation = `/conversations/${encodeURIComponent(`r:${roomId}`)}/notifications`;
    const phones = { bob: await phoneOf(bob), carol: await phoneOf(carol) };
    for (const person of [bob, carol]) {
      const client = await stage.native(person, 1);
      await client.ask('room.join', { roomId });
      expect((await client.ask('chat.send', { to: { roomId }, content: 'here' })).ok).toBe(true);
      client.close();
    }
    const a = await stage.native(alice, 0);
    await a.ask('room.join', { roomId });
    expect((await api('PUT', conversation, phones.carol.accessToken, { mode: 'all' })).status).toBe(200);
    const say = (content: string) => a.ask('chat.send', { to: { roomId }, content });
    await until('bob and carol are gone', async () => {
      await say('anybody?');
      return pushes(phones.carol, 'message').length > 0;
    });
    expect((await say(`@${bob.username} ask them`)).ok).toBe(true);
    expect(await shows(phones.bob, 'message')).toMatchObject({
      body: `@${bob.username} ask them`,
      data: { roomId },
    });
    await shows(phones.carol, 'message', ({ body }) => body === `@${bob.username} ask them`);
    expect(pushes(phones.bob, 'message')).toHaveLength(1);
  });
});
