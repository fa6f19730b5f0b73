import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { type Person, register, Stage } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

const JOIN_TIMEOUT_MS = 700;

let topology: Topology;
let alice: Person;
let bob: Person;
beforeAll(async () => {
  topology = await allInOne({ JOIN_TIMEOUT_MS: String(JOIN_TIMEOUT_MS) });
  [alice, bob] = await Promise.all([register(topology, 'Alice'), register(topology, 'Bob')]);
});
afterAll(() => topology?.[Symbol.asyncDispose]());

const places = (token: string) =>
  [
    ['auth.token', { auth: { token } }],
    ['auth.token with the scheme', { auth: { token: `Bearer ${token}` } }],
    ['Authorization', { extraHeaders: { authorization: `Bearer ${token}` } }],
    ['?token=', { query: { token } }],
  ] as const;

describe('a token in the handshake', () => {
  it.each([0, 1, 2, 3])('place %i lets in over either transport; a bad one there is refused', async (n) => {
    await using stage = new Stage(topology);
    for (const transports of [['websocket'], ['polling']]) {
      const [place, good] = places(alice.token)[n] ?? ['', {}];
      const socket = await stage.open(place, 0, { ...good, transports });
      expect((await socket.log.next('connected')).userId).toBe(alice.id);
      const [, bad] = places(`${alice.token.slice(0, -4)}AAAA`)[n] ?? ['', {}];
      await expect(stage.open(place, 0, { ...bad, transports })).rejects.toThrow(/^Authentication error$/);
    }
  });

  it('in auth wins over the header, the header over the query', async () => {
    await using stage = new Stage(topology);
    const authorization = { extraHeaders: { authorization: `Bearer ${bob.token}` } };
    const auth = await stage.open('auth', 0, { auth: { token: alice.token }, ...authorization });
    expect((await auth.log.next('connected')).userId).toBe(alice.id);
    const header = await stage.open('header', 0, { ...authorization, query: { token: alice.token } });
    expect((await header.log.next('connected')).userId).toBe(bob.id);
    const nothing = await stage.open('null', 0, { auth: { token: null }, query: { token: alice.token } });
    expect((await nothing.log.next('connected')).userId).toBe(alice.id);
  });

  it.each([[42], [{ $gt: '' }], [['x']], ['x'.repeat(20_000)], ['null']])('%o is refused', async (token) => {
    await using stage = new Stage(topology);
    await expect(stage.open('odd', 0, { auth: { token } })).rejects.toThrow(/^Authentication error$/);
  });
});

describe('no token in the handshake', () => {
  it('leaves the time to join, and not more: auth:error, error AUTH_REQUIRED, closed', async () => {
    await using stage = new Stage(topology);
    const began = performance.now();
    const socket = await stage.open('silent', 0, { reconnection: false });
    socket.send('message', { to: alice.id, content: 'x' });
    socket.send('callUser', { targetUserId: alice.id, signalData: {} });
    socket.send('no such event');
    for (let n = 0; n < 3; n += 1) {
      expect(await socket.log.next('auth:error')).toEqual({ message: expect.any(String) });
      expect(await socket.log.next('error')).toMatchObject({
        code: 'AUTH_REQUIRED',
        message: expect.any(String),
      });
    }
    expect(socket.socket.connected).toBe(true);
    await socket.closed();
    expect(performance.now() - began).toBeGreaterThan(JOIN_TIMEOUT_MS * 0.9);
    await socket.log.next('auth:error');
    expect(socket.log.count('users') + socket.log.count('user:online') + socket.log.count('presence')).toBe(
      0,
    );
  });

  it('an event before join is answered, with an ack too, and the socket may join after that', async () => {
    await using stage = new Stage(topology);
    const socket = await stage.open('late');
    expect(await socket.ask('message', { to: bob.id, content: 'x' })).toMatchObject({
      ok: false,
      success: false,
      error: { code: 'AUTH_REQUIRED' },
    });
    socket.send('join', { userId: alice.id, token: 'wrong' });
    expect(
      await socket.log.next('auth:error', ({ message }) => message === 'Authentication failed'),
    ).toBeDefined();
    expect(await socket.ask('join', { token: 7 })).toMatchObject({ error: { code: 'INVALID_DATA' } });
    expect(await socket.ask('join')).toMatchObject({ error: { code: 'INVALID_DATA' } });
    expect(await socket.ask('join', { token: alice.token })).toMatchObject({ ok: true, userId: alice.id });
    expect(await socket.ask('message', { to: bob.id, content: 'x' })).toMatchObject({ ok: true });
    // Past its time to join nothing happens to it any more.
    const silent = await stage.open('silent', 0, { reconnection: false });
    await silent.closed();
    expect(socket.socket.connected).toBe(true);
  });

  it('a joined socket stays whose it is', async () => {
    await using stage = new Stage(topology);
    const socket = await stage.jitsi(alice);
    expect(await socket.ask('join', { token: bob.token })).toMatchObject({
      error: { code: 'PERMISSION_DENIED' },
    });
    expect(await socket.ask('join', { token: alice.token })).toMatchObject({ ok: true, userId: alice.id });
  });
});

describe('an undeclared socket', () => {
  const hasHeard = (events: readonly string[], seen: { event: string }[]) =>
    events.every((name) => seen.some(({ event }) => event === name));

  it('hears every vocabulary until it speaks one, then that one alone', async () => {
    const newcomer = await register(topology, 'Newcomer');
    await using stage = new Stage(topology);
    const socket = await stage.open('undeclared', 0, { auth: { token: alice.token } });
    await socket.log.next('users');
    const seen = socket.log.all;
    const first = await stage.peer(newcomer);
    const every = ['connected', 'session.connected', 'users', 'user:online', 'presence'];
    await until('every vocabulary', () => hasHeard(every, seen));
    expect(await socket.ask('endCall', { targetUserId: bob.id })).toMatchObject({
      error: { code: 'CALL_NOT_FOUND' },
    });
    await socket.log.next('users');
    const spoke = seen.length;
    first.close();
    await socket.log.next('userDisconnected', ({ userId }) => userId === newcomer.id);
    await socket.log.next(
      'users',
      (users) => !(users as unknown as { id: string }[]).some(({ id }) => id === newcomer.id),
    );
    expect(seen.slice(spoke).every(({ event }) => ['users', 'userDisconnected'].includes(event))).toBe(true);
    // The other vocabularies' events are unknown from now on.
    expect(await socket.ask('message', { to: bob.id, content: 'x' })).toMatchObject({
      error: { code: 'INVALID_DATA' },
    });
  });

  it('is rung in both vocabularies, and answers in either', async () => {
    await using stage = new Stage(topology);
    const b = await stage.open('undeclared', 0, { auth: { token: bob.token } });
    await b.log.next('users');
    const a = await stage.jitsi(alice);
    a.send('call:initiate', { to: bob.id, callType: 'voice' });
    const { id } = await b.log.next('call:incoming');
    expect(b.log.count('incomingCall')).toBe(0);
    b.send('call:respond', { callId: id, response: 'reject' });
    await a.log.next('call:rejected');
    const c = await stage.open('undeclared', 0, { auth: { token: bob.token } });
    await c.log.next('users');
    const p = await stage.peer(alice);
    p.send('callUser', { targetUserId: bob.id, signalData: { type: 'offer', sdp: 'v=0' } });
    expect(await c.log.next('incomingCall')).toMatchObject({ from: alice.id });
    expect(c.log.count('call:incoming')).toBe(0);
    c.send('answerCall', { targetUserId: alice.id, signalData: { type: 'answer', sdp: 'v=0' } });
    expect(await p.log.next('callAccepted')).toMatchObject({ from: bob.id });
    p.send('endCall', { targetUserId: bob.id });
    await c.log.next('callEnded');
  });

  it.each([
    ['auth', { auth: { dialect: 'jitsi' } }],
    ['the query', { query: { dialect: 'jitsi' } }],
  ])('may name its dialect in %s at once; an unknown one is refused', async (_place, options) => {
    await using stage = new Stage(topology);
    const token = { extraHeaders: { authorization: `Bearer ${alice.token}` } };
    const socket = await stage.open('declared', 0, { ...token, ...options });
    await socket.log.next('connected');
    await socket.ask('typing:start', { to: bob.id });
    expect(socket.log.count('users') + socket.log.count('session.connected')).toBe(0);
    await expect(stage.open('odd', 0, { ...token, query: { dialect: 'klingon' } })).rejects.toThrow(
      /dialect/i,
    );
  });
});
