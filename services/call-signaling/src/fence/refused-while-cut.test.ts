import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { startTestMongo, startTestNode, type TestNode } from '../testing/test-node.ts';

const offer = { type: 'offer', sdp: 'v=0 offer' };
const answer = { type: 'answer', sdp: 'v=0 answer' };

let mongo: Awaited<ReturnType<typeof startTestMongo>>;
let node: TestNode;
let up: boolean;

beforeAll(async () => {
  mongo = await startTestMongo();
});
beforeEach(async () => {
  up = true;
  node = await startTestNode({
    mongo,
    nodeBus: (bus) => ({ ...bus, health: () => ({ ...bus.health(), up: up && bus.health().up }) }),
  });
});
afterEach(async () => {
  await node[Symbol.asyncDispose]();
});
afterAll(async () => {
  await mongo[Symbol.asyncDispose]();
});

type Said = readonly [event: string, payload: object];

interface Words {
  readonly dialect: string;
  readonly rings: string;
  readonly takes: (callId: string, from: string) => Said;
  readonly ends: (callId: string, from: string) => Said;
  /** Where a client that asked for no ack hears of a refusal. */
  readonly error: string;
}

const VOCABULARIES: readonly Words[] = [
  {
    dialect: 'native',
    rings: 'call.incoming',
    takes: (callId) => ['call.answer', { callId, answer }],
    ends: (callId) => ['call.end', { callId }],
    error: 'error',
  },
  {
    dialect: 'peer',
    rings: 'incomingCall',
    takes: (_, from) => ['answerCall', { targetUserId: from, signalData: answer }],
    ends: (_, from) => ['endCall', { targetUserId: from }],
    error: 'error',
  },
  {
    dialect: 'rooms',
    rings: 'incoming-call',
    takes: (callId) => ['accept-call', { callId, answer }],
    ends: (callId) => ['end-call', { callId }],
    error: 'error',
  },
  {
    dialect: 'jitsi',
    rings: 'call:incoming',
    takes: (callId, from) => ['call:respond', { callId, response: 'accept', to: from }],
    ends: (callId, from) => ['call:end', { callId, to: from }],
    error: 'error',
  },
  {
    dialect: 'expo',
    rings: 'CALL_REQUEST',
    takes: (callId, from) => ['CALL_ACCEPT', { callId, answer, to: from }],
    ends: (callId, from) => ['CALL_ENDED', { callId, to: from }],
    error: 'error',
  },
];

/** Alice's call rings at Bob's, who speaks this vocabulary. */
async function ringing({ dialect, rings }: Words) {
  const [caller, callee] = [node.accounts.user('alice'), node.accounts.user('bob')];
  const media = dialect === 'jitsi' ? 'jitsi' : 'p2p';
  const alice = await node.client(caller, { auth: { dialect: 'native' } });
  const bob = await node.client(callee, { auth: { dialect } });
  await eventually(async () => (await node.presence.devicesOf(callee.id, Date.now())).length === 1);
  const placed = await alice.ask('call.place', {
    to: { userId: callee.id },
    kind: 'video',
    media,
    ...(media === 'p2p' ? { offer } : {}),
  });
  expect(placed).toMatchObject({ ok: true });
  const { id: callId } = placed.call as { id: string };
  await bob.hears(rings);
  return { alice, bob, callId, from: caller.id };
}

const LATER = { ok: false, error: { code: 'SERVICE_UNAVAILABLE', retryable: true, retryAfterMs: 1_000 } };

it.each(VOCABULARIES)(
  '$dialect: a node without its bus refuses to change a call for now, and does so later',
  async (words) => {
    const { alice, bob, callId, from } = await ringing(words);
    up = false;
    expect((await fetch(`${node.url}/readyz`)).status).toBe(503);
    expect(await bob.ask(...words.takes(callId, from))).toMatchObject(LATER);
    bob.socket.emit(...words.ends(callId, from));
    expect(JSON.stringify(await bob.hears(words.error))).toContain('SERVICE_UNAVAILABLE');
    expect([alice.all('call.answered'), alice.all('call.rejected'), alice.all('call.ended')]).toEqual([
      [],
      [],
      [],
    ]);
    up = true;
    expect(await bob.ask(...words.takes(callId, from))).toMatchObject({ ok: true });
    await alice.hears('call.answered');
    up = false;
    expect(await bob.ask(...words.ends(callId, from))).toMatchObject(LATER);
    up = true;
    expect(await bob.ask(...words.ends(callId, from))).toMatchObject({ ok: true });
    await alice.hears('call.ended');
  },
  30_000,
);

it('a hang-up that falls into a short cut is kept, since most clients say it once', async () => {
  const [words] = VOCABULARIES.filter(({ dialect }) => dialect === 'peer') as [Words];
  const { alice, bob, callId, from } = await ringing(words);
  expect(await bob.ask(...words.takes(callId, from))).toMatchObject({ ok: true });
  await alice.hears('call.answered');
  up = false;
  setTimeout(() => {
    up = true;
  }, 300);
  bob.socket.emit(...words.ends(callId, from));
  expect(await alice.hears('call.ended')).toMatchObject({ reason: 'hangup' });
  expect(bob.all(words.error)).toEqual([]);
});
