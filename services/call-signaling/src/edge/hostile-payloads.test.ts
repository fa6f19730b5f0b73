import { randomUUID } from 'node:crypto';
import { dialects } from '@switchboard/dialects';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestClient } from '../testing/test-client.ts';
import { startTestMongo, startTestNode, type TestNode } from '../testing/test-node.ts';

type Payload = Record<string, unknown>;

const id = randomUUID();
const sdp = { type: 'offer', sdp: 'v=0' };
const candidate = { candidate: 'candidate:1', sdpMid: '0' };

const EXPO: Readonly<Record<string, Payload>> = {
  CHAT_MESSAGE: { to: '2', content: 'hi' },
  CHAT_TYPING: { to: '2' },
  CHAT_STOP_TYPING: { to: '2' },
  MESSAGE_READ: { messageId: id },
  CALL_REQUEST: { to: '2', type: 'audio', offer: sdp },
  CALL_ACCEPT: { callId: id, answer: sdp },
  CALL_REJECT: { callId: id },
  CALL_BUSY: { callId: id },
  CALL_TIMEOUT: { callId: id },
  CALL_ENDED: { callId: id, to: '2' },
  ICE_CANDIDATE: { to: '2', candidate },
};

/** One payload for every event that would be taken, but for the field a test spoils. */
const VALID: Readonly<Record<string, Readonly<Record<string, Payload>>>> = {
  peer: {
    callUser: { targetUserId: '2', signalData: sdp },
    answerCall: { targetUserId: '2', signalData: sdp },
    rejectCall: { targetUserId: '2' },
    endCall: { targetUserId: '2' },
    iceCandidate: { targetUserId: '2', candidate },
  },
  rooms: {
    'join-room': { roomId: '7' },
    'leave-room': { roomId: '7' },
    'send-message': { roomId: '7', content: 'hi' },
    'webrtc-offer': { roomId: '7', to: '2', callId: id, offer: sdp },
    'webrtc-answer': { roomId: '7', to: '2', callId: id, answer: sdp },
    'webrtc-ice-candidate': { roomId: '7', to: '2', callId: id, candidate },
    'initiate-call': { roomId: '7', to: '2', callType: 'audio', offer: sdp },
    'accept-call': { callId: id, to: '2', answer: sdp },
    'reject-call': { callId: id, to: '2' },
    'end-call': { callId: id, to: '2', roomId: '7' },
  },
  jitsi: {
    join: { token: 'x' },
    message: { to: '2', content: 'hi', type: 'text' },
    'message:send': { to: '2', content: 'hi' },
    'message:read': { messageId: id },
    'typing:start': { to: '2' },
    'typing:stop': { to: '2' },
    'call:initiate': { to: '2', callType: 'voice' },
    'call:respond': { callId: id, response: 'accept' },
    'call:end': { callId: id },
  },
  expo: EXPO,
  'expo-lower': Object.fromEntries(Object.entries(EXPO).map(([event, body]) => [event.toLowerCase(), body])),
  native: {
    'session.join': { token: 'x' },
    'chat.send': { to: { userId: '2' }, content: 'hi', contentType: 'text', clientMessageId: 'a' },
    'chat.read': { messageIds: [id], conversationId: 'd:1:2', upToSeq: 1 },
    'chat.typing': { to: { userId: '2' }, active: true },
    'chat.sync': { conversationId: 'd:1:2', after: 0, limit: 5 },
    'chat.history': { conversationId: 'd:1:2', before: 3, limit: 5 },
    'chat.conversations': { limit: 5 },
    'presence.list': {},
    'room.join': { roomId: '7' },
    'room.leave': { roomId: '7' },
    'room.signal': { roomId: '7', to: { userId: '2' }, signal: { kind: 'candidate', payload: candidate } },
    'call.place': { to: { userId: '2' }, kind: 'voice', media: 'p2p', offer: sdp, callId: id },
    'call.answer': { callId: id, answer: sdp },
    'call.reject': { callId: id, reason: 'busy' },
    'call.end': { callId: id },
    'call.signal': { callId: id, signal: { kind: 'candidate', payload: candidate } },
    'call.resume': { callId: id },
    'call.ack': { callId: id },
    'call.take': { callId: id },
  },
};

/** Every field may be left out, so that nothing at all is a payload. */
const ALL_OPTIONAL = new Set([
  'chat.conversations',
  'presence.list',
  'call.answer',
  'call.reject',
  'call.end',
  'call.resume',
  'CALL_ENDED',
  'call_ended',
  'accept-call',
  'reject-call',
  'end-call',
]);

/** What rooms takes bare: a room's or a user's id, or nothing for the call that one is in. */
const BARE: Readonly<Record<string, readonly string[]>> = {
  'join-room': ['a number'],
  'leave-room': ['a number'],
  'initiate-call': ['a number'],
  'accept-call': ['a number', 'null'],
  'reject-call': ['a number', 'null'],
  'end-call': ['a number', 'null'],
};

const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });
const own = (key: string, value: unknown): Payload => JSON.parse(`{"${key}":${JSON.stringify(value)}}`);

/** Argument lists that no event takes, whatever it is. */
function hostileFor(valid: Payload): [string, unknown[]][] {
  const lists: [string, unknown[]][] = [
    ['null', [null]],
    ['a number', [7]],
    ['a string', ['x']],
    ['a boolean', [true]],
    ['an array', [[valid]]],
    ['a buffer', [Buffer.from('x')]],
    ['a buffer inside', [{ ...valid, extra: Buffer.from('x') }]],
    ['an operator', [{ ...valid, $where: 'sleep(1000)' }]],
    ['an operator inside', [{ ...valid, extra: [{ $ne: null }] }]],
    [
      'a prototype',
      [{ ...own('__proto__', { admin: true }), ...valid, ...own('__proto__', { admin: true }) }],
    ],
    ['a constructor', [{ ...valid, extra: own('constructor', { prototype: {} }) }]],
    ['depth', [{ ...valid, extra: deep(40) }]],
    ['many values', [{ ...valid, extra: Array.from({ length: 20_000 }, () => 0) }]],
    ['a hostile second argument', [valid, { $gt: '' }]],
  ];
  for (const field of Object.keys(valid)) {
    const spoilt = (value: unknown): unknown[] => [{ ...valid, [field]: value }];
    lists.push([`${field} oversized`, spoilt('x'.repeat(70_000))]);
    lists.push([`${field} deep`, spoilt(deep(40))]);
    lists.push([`${field} an operator`, spoilt({ $gt: '' })]);
    lists.push([`${field} a buffer`, spoilt(Buffer.alloc(10))]);
  }
  return lists;
}

let mongo: Awaited<ReturnType<typeof startTestMongo>>;
let node: TestNode;
let bystander: TestClient;
let quiet: number;
beforeAll(async () => {
  mongo = await startTestMongo();
  node = await startTestNode({ mongo, env: { SOCKET_EVENT_RATE: 'off', RATE_LIMIT_CALLS: 'off' } });
  node.accounts.user('mallory');
  bystander = await node.client(node.accounts.user('bystander'), { auth: { dialect: 'native' } });
  await bystander.hears('presence');
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await mongo[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await bystander.settled();
  quiet = bystander.heard.filter(({ event }) => event !== 'presence').length;
});

it('the table holds every event of every vocabulary', () => {
  for (const [name, dialect] of dialects) {
    if (dialect.transport !== 'socket.io') continue;
    expect(Object.keys(VALID[name] ?? {}).sort()).toEqual([...dialect.inbound.keys()].sort());
  }
});

describe.each(Object.keys(VALID))('hostile payloads of %s', (dialect) => {
  it.each(Object.entries(VALID[dialect] ?? {}))('%s', async (event, valid) => {
    const mallory = node.accounts.user();
    const client = await node.client(mallory, { auth: { dialect } });

    for (const [what, args] of hostileFor(valid)) {
      const answer = await client.ask(event, ...args);
      if (BARE[event]?.includes(what)) {
        if (!answer.ok) expect(answer.error?.code, what).toMatch(/_NOT_FOUND$|^PERMISSION_DENIED$/);
        continue;
      }
      expect(answer, what).toMatchObject({ ok: false, success: false, error: { code: 'INVALID_DATA' } });
      expect(answer.error?.message, what).toMatch(/^Invalid data/);
    }
    for (const args of [[], [{}]]) {
      const answer = await client.ask(event, ...args);
      if (!ALL_OPTIONAL.has(event)) expect(answer).toMatchObject({ error: { code: 'INVALID_DATA' } });
      else if (!answer.ok) expect(answer.error?.code).toBe('CALL_NOT_FOUND');
    }

    // Without an ack the same comes as the vocabulary's error event; what is no function is no ack.
    const before = client.all('error').length;
    client.socket.emit(event, []);
    client.socket.emit(event, [], 'ack');
    client.socket.emit(event, { $gt: 1 }, {}, []);
    await client.hears('error', () => client.all('error').length >= before + 3);
    for (const error of client.all('error').slice(before)) {
      expect(error).toMatchObject({ code: 'INVALID_DATA', message: expect.any(String) });
    }

    expect(client.socket.connected).toBe(true);
    await bystander.settled();
    expect(bystander.heard.filter((frame) => frame.event !== 'presence')).toHaveLength(quiet);
    expect(node.chat.messages).toEqual([]);
    expect(node.logged.filter((line) => line.includes('"level":"error"'))).toEqual([]);
    client.socket.disconnect();
  });
});

describe('events that nobody has', () => {
  it.each([['no such event'], ['__proto__'], ['constructor'], ['toString'], ['error'], ['x'.repeat(50_000)]])(
    '%.20s',
    async (event) => {
      for (const auth of [{}, { dialect: 'peer' }, { dialect: 'native' }]) {
        const client = await node.client(node.accounts.user(), { auth });
        expect(await client.ask(event, {})).toMatchObject({
          ok: false,
          success: false,
          error: { code: 'INVALID_DATA', message: 'Unknown event' },
        });
        client.socket.emit(event);
        expect(await client.hears('error')).toMatchObject({ code: 'INVALID_DATA' });
        client.socket.disconnect();
      }
    },
  );

  it('includes those of other vocabularies, once a socket has its own', async () => {
    const client = await node.client(node.accounts.user(), { auth: { dialect: 'peer' } });
    expect(await client.ask('message', { to: '1', content: 'hi' })).toMatchObject({
      error: { code: 'INVALID_DATA', message: 'Unknown event' },
    });
  });
});

it('an acknowledgement is called once, with nothing of ours overridden by fields of a vocabulary', async () => {
  const alice = node.accounts.user();
  const client = await node.client(alice, { auth: { dialect: 'native' } });
  let called = 0;
  const answer = await new Promise((resolve) => {
    client.socket.emit('presence.list', {}, (value: unknown) => {
      called += 1;
      resolve(value);
    });
  });
  expect(answer).toMatchObject({ ok: true, success: true, online: expect.any(Array) });
  await client.settled();
  expect(called).toBe(1);
});
