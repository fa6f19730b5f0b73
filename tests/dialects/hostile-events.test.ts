import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { http } from '../harness/http.ts';
import { type Person, register, Stage } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

let topology: Topology;
let alice: Person;
let bob: Person;
beforeAll(async () => {
  topology = await allInOne({ RATE_LIMIT_MESSAGES: 'off', RATE_LIMIT_CALLS: 'off' });
  [alice, bob] = await Promise.all([register(topology, 'Alice'), register(topology, 'Bob')]);
});
afterAll(() => topology?.[Symbol.asyncDispose]());

const EVENTS = {
  peer: ['callUser', 'answerCall', 'rejectCall', 'endCall', 'iceCandidate'],
  jitsi: [
    'join',
    'message',
    'message:send',
    'message:read',
    'typing:start',
    'typing:stop',
    'call:initiate',
    'call:respond',
    'call:end',
  ],
} as const;

function deep(levels: number): unknown {
  let value: unknown = 'x';
  for (let n = 0; n < levels; n += 1) value = { a: value };
  return value;
}

/** Never valid for any event, whatever else is in it. */
const payloads = (to: string): readonly (readonly unknown[])[] => {
  const polluted = JSON.parse(`{"__proto__": {"admin": true}, "to": "${to}", "targetUserId": "${to}"}`);
  const named = { to, targetUserId: to, callId: 'x', messageId: 'x', token: 'x', response: 'accept' };
  return [
    [],
    [null],
    [undefined],
    [''],
    ['x'],
    [42],
    [true],
    [[]],
    [{}],
    [Buffer.from('binary')],
    [{ to: null, targetUserId: null }],
    [{ to: {}, targetUserId: [], callId: 7, messageId: {}, token: 7 }],
    [
      {
        to: { $gt: '' },
        targetUserId: { $gt: '' },
        callId: { $ne: null },
        messageId: { $ne: 1 },
        token: { $gt: '' },
      },
    ],
    [{ to: '-1', targetUserId: '1e3', callId: '../..', messageId: '', token: '' }],
    [polluted],
    [{ ...named, signalData: deep(200), candidate: deep(200), content: deep(200), accepted: deep(200) }],
    [{ ...named, $where: 'sleep(1000)', signalData: {}, candidate: {}, content: 'x' }],
    [
      {
        ...named,
        signalData: Buffer.alloc(9),
        candidate: Buffer.alloc(9),
        content: Buffer.alloc(9),
        token: Buffer.alloc(9),
        callId: Buffer.alloc(9),
        messageId: Buffer.alloc(9),
        accepted: Buffer.alloc(9),
      },
    ],
    [{ ...named, to: '9'.repeat(1000), targetUserId: '9'.repeat(1000), token: 't'.repeat(9000) }],
  ];
};

describe.each(Object.entries(EVENTS))('%s', (dialect, events) => {
  const enter = (stage: Stage, person: Person) =>
    dialect === 'peer' ? stage.peer(person) : stage.jitsi(person);

  it.each(events)(
    '%s with bad payloads: the clear error each time, with an ack or without; nobody else notices',
    async (event) => {
      await using stage = new Stage(topology);
      const [a, b] = [await enter(stage, alice), await enter(stage, bob)];
      for (const payload of payloads(bob.id)) {
        const answer = await a.ask(event, ...payload);
        expect(answer, `${event} ${JSON.stringify(payload)?.slice(0, 80)}`).toMatchObject({
          ok: false,
          success: false,
          error: {
            code: expect.stringMatching(/^(INVALID_DATA|UNAUTHORIZED)$/),
            message: expect.any(String),
          },
        });
        a.send(event, ...payload);
        const { code } = (answer.error ?? {}) as { code: string };
        expect(await a.log.next('error', (error) => error.code === code)).toMatchObject({
          message: expect.any(String),
          error: expect.any(String),
        });
      }
      expect(a.socket.connected && b.socket.connected).toBe(true);
      const presence = ['connected', 'session.connected', 'users', 'presence', 'user:online', 'user:offline'];
      const heard = b.log.all.map(({ event: name }) => name).filter((name) => !presence.includes(name));
      // Who left in the test before may still be being told.
      expect(heard.filter((name) => name !== 'userDisconnected')).toEqual([]);
    },
  );

  it.each(['nonsense', '__proto__', 'constructor', 'toString', 'x'.repeat(5000), ''])(
    'unknown event %s: error INVALID_DATA, never silence',
    async (event) => {
      await using stage = new Stage(topology);
      const a = await enter(stage, alice);
      expect(await a.ask(event, {})).toMatchObject({ ok: false, error: { code: 'INVALID_DATA' } });
      a.send(event);
      expect(await a.log.next('error')).toMatchObject({ code: 'INVALID_DATA', error: expect.any(String) });
      expect(a.socket.connected).toBe(true);
    },
  );
});

describe('what no client library sends', () => {
  it.each([
    ['an event name that Socket.IO keeps for itself', { type: 2, data: ['disconnecting'] }],
    ['an event without a name', { type: 2, data: [] }],
    ['an event named by an object', { type: 2, data: [{ $gt: '' }, {}] }],
    ['an acknowledgement nobody asked for', { type: 3, id: 999, data: ['x'] }],
    ['a packet of no type', { type: 9, data: ['x'] }],
  ])('%s costs at most its own connection', async (_what, packet) => {
    await using stage = new Stage(topology);
    const [a, b] = [
      await stage.open('alice', 0, { auth: { token: alice.token }, reconnection: false }),
      await stage.peer(bob),
    ];
    const raw = a.socket.io as unknown as { _packet(packet: unknown): void };
    raw._packet({ nsp: '/', options: {}, ...packet });
    await Promise.race([a.closed(), a.ask('message', { to: bob.id, content: 'still here' })]);
    expect(await b.ask('endCall', { targetUserId: alice.id })).toMatchObject({
      error: { code: 'CALL_NOT_FOUND' },
    });
  });
});

describe('bounds, in bytes of UTF-8 JSON', () => {
  it.each([
    ['text', 'jitsi', 'message', 8 * 1024, (content: string) => ({ content })],
    ['a description', 'peer', 'callUser', 64 * 1024, (signalData: string) => ({ signalData })],
    ['a candidate', 'peer', 'iceCandidate', 4 * 1024, (candidate: string) => ({ candidate })],
  ] as const)('%s: the last byte counts', async (_what, dialect, event, bytes, field) => {
    await using stage = new Stage(topology);
    const [a, b] =
      dialect === 'peer'
        ? [await stage.peer(alice), await stage.peer(bob)]
        : [await stage.jitsi(alice), await stage.jitsi(bob)];
    const to = { to: bob.id };
    if (event === 'iceCandidate') await a.ask('callUser', { ...to, signalData: 'v=0' });
    // Two quotes, and é is two bytes.
    const fits = 'é'.repeat(bytes / 2 - 1);
    expect(await a.ask(event, { ...to, ...field(fits) })).toMatchObject({ ok: true });
    expect(await a.ask(event, { ...to, ...field(`${fits}x`) })).toMatchObject({
      ok: false,
      error: { code: 'INVALID_DATA' },
    });
    if (dialect === 'peer') {
      a.send('endCall', to);
      await b.log.next('callEnded');
    }
  });

  it('200 candidates a side while it rings, and not one more; all reach the device that answers', async () => {
    await using stage = new Stage(topology);
    const [a, b] = [await stage.peer(alice), await stage.peer(bob)];
    await a.ask('callUser', { targetUserId: bob.id, signalData: 'v=0' });
    await b.log.next('incomingCall');
    for (let n = 0; n < 200; n += 1) {
      expect(await a.ask('iceCandidate', { targetUserId: bob.id, candidate: `c${n}` })).toMatchObject({
        ok: true,
      });
    }
    expect(await a.ask('iceCandidate', { targetUserId: bob.id, candidate: 'one more' })).toMatchObject({
      ok: false,
    });
    await b.ask('answerCall', { targetUserId: alice.id, signalData: 'v=0' });
    for (let n = 0; n < 200; n += 1) expect((await b.log.next('iceCandidate')).candidate).toBe(`c${n}`);
    // The callee's side has its own count.
    for (let n = 0; n < 200; n += 1) b.send('iceCandidate', { targetUserId: alice.id, candidate: `b${n}` });
    expect(await b.ask('iceCandidate', { targetUserId: alice.id, candidate: 'one more' })).toMatchObject({
      ok: false,
      error: { code: 'INVALID_DATA' },
    });
    await a.log.next('iceCandidate', ({ candidate }) => candidate === 'b199');
    expect(a.log.count('iceCandidate')).toBe(200);
    await a.ask('endCall', { targetUserId: bob.id });
  });

  it('a frame beyond all bounds closes that socket alone', async () => {
    await using stage = new Stage(topology);
    const [a, b] = [
      await stage.open('alice', 0, { auth: { token: alice.token }, reconnection: false }),
      await stage.peer(bob),
    ];
    a.send('message', { to: bob.id, content: 'x'.repeat(1_000_000) });
    await a.closed();
    expect(b.socket.connected).toBe(true);
    expect((await http('GET', `${topology.url(0)}/readyz`)).status).toBe(200);
  });
});
