import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, register, Stage } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

let topology: Topology;
beforeAll(async () => {
  topology = await allInOne({ RING_TIMEOUT_MS: '1000' });
});
afterAll(() => topology?.[Symbol.asyncDispose]());

const people = async (): Promise<[Person, Person]> =>
  Promise.all([register(topology, 'Alice'), register(topology, 'Bob')]);
const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);

describe('join and presence', () => {
  it('confirms with the token’s user, whoever the client says it is; announces on and off', async () => {
    const [alice, bob] = await people();
    await using stage = new Stage(topology);
    const a = await stage.jitsi(alice);
    const b = await stage.open('bob');
    b.send('join', { userId: alice.id, token: bob.token });
    expect(await b.log.next('connected')).toEqual({ userId: bob.id, socketId: b.socket.id });
    const online = { userId: alice.id, status: 'online', timestamp: iso };
    expect(await b.log.next('user:online', ({ userId }) => userId === alice.id)).toEqual(online);
    expect(await a.log.next('user:online', ({ userId }) => userId === bob.id)).toEqual({
      ...online,
      userId: bob.id,
    });
    b.close();
    expect(await a.log.next('user:offline')).toEqual({ userId: bob.id, status: 'offline', timestamp: iso });
    expect(a.log.count('users') + a.log.count('presence')).toBe(0);
  });
});

describe('chat', () => {
  it.each([
    ['message', 'to'],
    ['message:send', 'receiverId'],
    ['message', 'recipientId'],
    ['message', 'targetUserId'],
  ])(
    '%s {%s}: the receiver and the sender’s other devices get the documented message',
    async (event, target) => {
      const [alice, bob] = await people();
      await using stage = new Stage(topology);
      const [a, desk, b] = [await stage.jitsi(alice), await stage.jitsi(alice), await stage.jitsi(bob)];
      a.send(event, { [target]: bob.id, content: 'Hello', senderId: bob.id, from: bob.id });
      const message = await b.log.next('message');
      expect(message).toMatchObject({
        id: uuid,
        senderId: alice.id,
        senderName: 'Alice',
        receiverId: bob.id,
        content: 'Hello',
        timestamp: iso,
        type: 'text',
      });
      expect(await desk.log.next('message')).toEqual(message);
      b.send('message:read', { messageId: message.id, userId: alice.id });
      expect(await a.log.next('message:read')).toEqual({
        messageId: message.id,
        userId: bob.id,
        readBy: [bob.id],
        readAt: iso,
      });
      expect(a.log.count('message')).toBe(0);
    },
  );

  it('marks several, or a whole conversation, as read', async () => {
    const [alice, bob] = await people();
    await using stage = new Stage(topology);
    const [a, b] = [await stage.jitsi(alice), await stage.jitsi(bob)];
    const sent = async (content: string) =>
      ((await a.ask('message', { to: bob.id, content })).message as { id: string }).id;
    const messageIds = [await sent('1'), await sent('2')];
    expect(await b.ask('message:read', { messageIds })).toMatchObject({ ok: true });
    for (const id of messageIds) await a.log.next('message:read', ({ messageId }) => messageId === id);
    const third = await sent('3');
    const conversationId =
      Number(alice.id) < Number(bob.id) ? `d:${alice.id}:${bob.id}` : `d:${bob.id}:${alice.id}`;
    b.send('message:read', { conversationId });
    await a.log.next('message:read', ({ messageId }) => messageId === third);
  });

  it('tells typing, with the name at the start', async () => {
    const [alice, bob] = await people();
    await using stage = new Stage(topology);
    const [a, b] = [await stage.jitsi(alice), await stage.jitsi(bob)];
    a.send('typing:start', { to: bob.id });
    a.send('typing:stop', { to: bob.id });
    expect(await b.log.next('typing:start')).toEqual({ from: alice.id, fromName: 'Alice' });
    expect(await b.log.next('typing:stop')).toEqual({ from: alice.id });
  });
});

describe('calls', () => {
  const ring = async (stage: Stage, alice: Person, bob: Person, callType?: 'voice' | 'video') => {
    const [a, b] = [await stage.jitsi(alice), await stage.jitsi(bob)];
    a.send('call:initiate', { to: bob.id, ...(callType ? { callType } : {}) });
    const [placed, incoming] = await Promise.all([a.log.next('call:initiated'), b.log.next('call:incoming')]);
    return { a, b, placed, incoming, callId: String(placed.id) };
  };

  it.each(['voice', 'video'] as const)('%s: the documented payloads from ring to end', async (type) => {
    const [alice, bob] = await people();
    await using stage = new Stage(topology);
    const { a, b, placed, incoming, callId } = await ring(stage, alice, bob, type);
    const roomName = `call_${callId}`;
    const jitsi = {
      domain: 'meet.example.test',
      roomName,
      url: expect.stringContaining(`https://meet.example.test/${roomName}`),
      config: { startWithAudioMuted: false, startWithVideoMuted: type === 'voice' },
    };
    const call = { id: uuid, from: alice.id, to: bob.id, type, timestamp: iso, roomName, jitsi };
    expect(placed).toMatchObject({ ...call, status: 'ringing' });
    expect(incoming).toMatchObject({ ...call, fromName: 'Alice' });
    b.send('call:respond', { callId, response: 'accept', to: alice.id });
    expect(await a.log.next('call:accepted')).toMatchObject({ callId, by: bob.id, type, jitsi });
    const response = { callId, response: 'accept', from: bob.id, roomName, jitsi };
    expect(await a.log.next('call:response')).toMatchObject(response);
    expect(await b.log.next('call:responded')).toMatchObject({ callId, response: 'accept', roomName, jitsi });
    a.send('call:end', { callId, to: bob.id });
    for (const side of [a, b]) {
      const over = { callId, by: alice.id, reason: 'user_ended', type, jitsi };
      expect(await side.log.next('call:ended')).toMatchObject(over);
    }
    expect(a.log.count('error') + b.log.count('error')).toBe(0);
  });

  it.each([
    [{ response: 'accepted' }, 'call:accepted', 'accept'],
    [{ accepted: true }, 'call:accepted', 'accept'],
    [{ accept: true }, 'call:accepted', 'accept'],
    [{ response: 'reject' }, 'call:rejected', 'reject'],
    [{ response: 'declined' }, 'call:rejected', 'reject'],
    [{ accepted: false }, 'call:rejected', 'reject'],
    [{ accept: false }, 'call:rejected', 'reject'],
    [{ response: 'busy' }, 'call:failed', 'busy'],
  ])('call:respond %o is %s', async (word, event, response) => {
    const [alice, bob] = await people();
    await using stage = new Stage(topology);
    const { a, b, callId } = await ring(stage, alice, bob);
    b.send('call:respond', { callId, ...word });
    const told = await a.log.next(event);
    expect(told).toMatchObject({ callId, type: 'voice' });
    if (event === 'call:failed')
      expect(told).toMatchObject({ reason: 'user_busy', message: expect.any(String) });
    else expect(told.by).toBe(bob.id);
    expect(await a.log.next('call:response')).toMatchObject({ callId, response, from: bob.id });
    expect(await b.log.next('call:responded')).toMatchObject({ callId, response });
  });

  it('rings out: call:ended {reason: "timeout"} to both', async () => {
    const [alice, bob] = await people();
    await using stage = new Stage(topology);
    const { a, b, callId } = await ring(stage, alice, bob);
    for (const side of [a, b]) {
      expect(await side.log.next('call:ended')).toMatchObject({ callId, reason: 'timeout', by: bob.id });
    }
    expect(a.log.count('call:failed')).toBe(0);
  });

  it('answered on one device, ends on the other with answered_elsewhere', async () => {
    const [alice, bob] = await people();
    await using stage = new Stage(topology);
    const other = await stage.jitsi(bob);
    const { a, b, callId } = await ring(stage, alice, bob);
    await other.log.next('call:incoming');
    b.send('call:respond', { callId, response: 'accept' });
    expect(await other.log.next('call:ended')).toMatchObject({
      callId,
      reason: 'answered_elsewhere',
      by: bob.id,
    });
    await a.log.next('call:accepted');
    expect(await other.ask('call:respond', { callId, response: 'accept' })).toMatchObject({ ok: false });
    expect(a.log.count('call:ended')).toBe(0);
    a.send('call:end', { to: bob.id });
    expect(await b.log.next('call:ended')).toMatchObject({ callId, by: alice.id });
  });

  it('fails with user_unavailable for the absent and for peer-only devices, CALL_IN_PROGRESS for oneself', async () => {
    const [alice, bob] = await people();
    const carol = await register(topology, 'Carol');
    await using stage = new Stage(topology);
    const { a, b, callId } = await ring(stage, alice, bob);
    b.send('call:respond', { callId, response: 'accept' });
    await a.log.next('call:accepted');
    a.send('call:initiate', { to: carol.id, callType: 'voice' });
    expect(await a.log.next('error')).toMatchObject({ code: 'CALL_IN_PROGRESS' });
    const c = await stage.jitsi(carol);
    c.send('call:initiate', { to: bob.id, callType: 'video' });
    const failed = { message: expect.any(String), type: 'video' };
    expect(await c.log.next('call:failed')).toMatchObject({ ...failed, reason: 'user_busy' });
    const dan = await register(topology, 'Dan');
    c.send('call:initiate', { to: dan.id, callType: 'video' });
    expect(await c.log.next('call:failed')).toMatchObject({ ...failed, reason: 'user_unavailable' });
    const d = await stage.open('dan', 0, { auth: { token: dan.token, dialect: 'peer' } });
    await d.log.next('users');
    c.send('call:initiate', { to: dan.id, callType: 'video' });
    expect(await c.log.next('call:failed')).toMatchObject({ ...failed, reason: 'user_unavailable' });
    expect(d.log.count('incomingCall')).toBe(0);
  });

  it('a bystander gets PERMISSION_DENIED, CALL_NOT_FOUND for what is over, and the parties hear nothing', async () => {
    const [alice, bob] = await people();
    await using stage = new Stage(topology);
    const m = await stage.jitsi(await register(topology, 'Mallory'));
    const { a, b, callId } = await ring(stage, alice, bob);
    // Others come and go meanwhile, and everybody hears of that.
    const aboutCalls = () => [a, b].flatMap(({ log }) => log.all.filter((r) => r.event.startsWith('call:')));
    const before = aboutCalls();
    for (const [event, body] of [
      ['call:respond', { callId, response: 'accept' }],
      ['call:respond', { callId, response: 'reject' }],
      ['call:end', { callId }],
    ] as const) {
      expect(await m.ask(event, body)).toMatchObject({ ok: false, error: { code: 'PERMISSION_DENIED' } });
      m.send(event, body);
      expect(await m.log.next('error')).toMatchObject({
        code: 'PERMISSION_DENIED',
        error: expect.any(String),
      });
    }
    expect(aboutCalls()).toEqual(before);
    b.send('call:respond', { callId, response: 'reject' });
    await a.log.next('call:rejected');
    expect(await m.ask('call:end', { callId })).toMatchObject({ error: { code: 'CALL_NOT_FOUND' } });
  });
});
