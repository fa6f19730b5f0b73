import { randomUUID } from 'node:crypto';
import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import {
  CallId,
  ConversationId,
  MessageId,
  type PushContent,
  PushDeviceId,
  type PushTarget,
  SessionId,
  UserId,
} from '@switchboard/protocol';
import { connectMongo, createLogger, type MongoHandle, systemClock } from '@switchboard/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPushes } from '../sending/create-pushes.ts';
import { type Pushes, subjectOf } from '../sending/pushes.ts';
import { type PushDoc, pushModel } from './push-model.ts';
import { createPushStore, type PushStore } from './push-store.ts';
import type { Ending } from './record-update.ts';

const logger = createLogger({ level: 'silent', service: 'notification', nodeId: 'test' });
const alice = { id: UserId.parse('1'), username: 'alice', name: '$name' };
const bob = UserId.parse('2');
const conversationId = ConversationId.parse('d:1:2');
const LEASE_MS = 30_000;

const newTarget = (): PushTarget => ({
  id: PushDeviceId.parse(randomUUID()),
  kind: 'web-push',
  sessionId: SessionId.parse(randomUUID()),
});
const newCall = (): CallId => CallId.parse(randomUUID());

const incoming = (callId: CallId): PushContent => ({
  type: 'call.incoming',
  callId,
  kind: 'voice',
  media: 'p2p',
  from: alice,
  expiresAt: new Date(Date.now() + 30_000).toISOString(),
});
const cancelled = (callId: CallId): PushContent => ({
  type: 'call.cancelled',
  callId,
  reason: 'answered_elsewhere',
});
const missed = (callId: CallId): PushContent => ({
  type: 'call.missed',
  callId,
  kind: 'voice',
  from: alice,
  at: new Date().toISOString(),
});
const message = (seq: number): PushContent => ({
  type: 'message',
  conversationId,
  messageId: MessageId.parse(randomUUID()),
  seq,
  from: alice,
  contentType: 'text',
  preview: `$seq ${seq}`,
  unread: seq,
  badge: seq,
});
const read = (upToSeq: number): PushContent => ({
  type: 'conversation.read',
  conversationId,
  upToSeq,
  badge: 0,
});

let database: TestMongo;
let mongo: MongoHandle;
let store: PushStore;
let pushes: Pushes;
const slots = () => mongo.connection.collection<PushDoc>('pushes');

beforeAll(async () => {
  database = await startTestMongo();
  mongo = await connectMongo(database.url, { logger, appName: 'pushes' });
  const model = pushModel(mongo.connection);
  await mongo.ensureIndexes([model]);
  store = createPushStore(model);
  pushes = createPushes({ store, clock: systemClock, onPut: () => undefined });
});
afterAll(async () => {
  await mongo?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

const put = (target: PushTarget, ...contents: PushContent[]) =>
  contents.reduce(
    (before, content) => before.then(() => pushes.put([{ target, userId: bob, content }])),
    Promise.resolve(),
  );
const idOf = (target: PushTarget, content: PushContent) => `${subjectOf(content)}:${target.id}`;
async function slotOf(target: PushTarget, content: PushContent): Promise<PushDoc | undefined> {
  return (await slots().findOne({ _id: idOf(target, content) })) ?? undefined;
}
const take = async (target: PushTarget, content: PushContent, at = Date.now()): Promise<PushDoc> => {
  const [slot] = await store.claim([idOf(target, content)], at, LEASE_MS);
  if (!slot) throw new Error('nothing to take');
  return slot;
};
const end = (slot: PushDoc, ending: Ending) =>
  store.record(
    [
      {
        _id: slot._id,
        lease: slot.lease ?? '',
        rev: slot.rev,
        kind: slot.kind,
        content: slot.content.type,
        lane: 'lane',
        ending,
        events: [],
      },
    ],
    Date.now(),
  );
const send = async (target: PushTarget, content: PushContent) =>
  end(await take(target, content), { step: 'sent' });
/** What a worker would send now. */
const dueNow = async (target: PushTarget, content: PushContent) => {
  const slot = await slotOf(target, content);
  return slot?.dueAt && !slot.lease && slot.dueAt.getTime() <= Date.now() ? slot.content.type : 'nothing';
};

describe('a slot', () => {
  it('holds what was put, word for word, and is due', async () => {
    const target = newTarget();
    const content = message(3);
    await put(target, content);
    expect(await slotOf(target, content)).toMatchObject({
      content,
      rev: 1,
      queue: 'chat',
      userId: '2',
      kind: 'web-push',
      sessionId: target.sessionId,
      shown: false,
      attempts: 0,
      outbox: [],
    });
    expect(await dueNow(target, content)).toBe('message');
    expect(await pushes.of(subjectOf(content), { userId: bob })).toContainEqual({
      target,
      userId: bob,
      content,
      shown: false,
    });
  });

  const callId = newCall();
  const [ring, stop, miss] = [incoming(callId), cancelled(callId), missed(callId)];
  it.each<[string, PushContent[], PushContent[], string]>([
    ['a ring', [], [ring], 'call.incoming'],
    ['a cancel before the ring was sent', [], [ring, stop], 'nothing'],
    ['a cancel alone', [], [stop], 'nothing'],
    ['a ring that comes after its cancel', [], [stop, ring], 'nothing'],
    ['a cancel of a ring that was sent', [ring], [stop], 'call.cancelled'],
    ['a cancel told twice', [ring, stop], [stop], 'nothing'],
    ['a ring told again', [ring], [ring], 'nothing'],
    ['a ring told again after its cancel', [ring, stop], [ring], 'nothing'],
    ['a missed call', [ring], [miss], 'call.missed'],
    ['a missed call that never rang', [], [miss], 'call.missed'],
    ['a ring that was missed before it was sent', [], [ring, miss], 'call.missed'],
    ['a cancel after missed', [ring, miss], [stop], 'nothing'],
    ['a message', [], [message(1)], 'message'],
    ['an older message', [message(5)], [message(4)], 'nothing'],
    ['the same message', [message(5)], [message(5)], 'nothing'],
    ['a newer message', [message(5)], [message(6)], 'message'],
    ['a read of what was shown', [message(5)], [read(5)], 'conversation.read'],
    ['a read further on', [message(5)], [message(6), read(6)], 'conversation.read'],
    ['a read of less', [message(5)], [message(6), read(5)], 'message'],
    ['a read of what was not sent', [], [message(5), read(5)], 'nothing'],
    ['a read of nothing', [], [read(5)], 'nothing'],
    ['a message told again after its read', [message(5), read(5)], [message(5)], 'nothing'],
    ['a read after a read', [message(5), read(5)], [read(6)], 'nothing'],
    ['a message after a read', [message(5), read(5)], [message(6)], 'message'],
  ])('%s', async (_what, sent, unsent, expected) => {
    const target = newTarget();
    for (const content of sent) {
      await put(target, content);
      await send(target, content);
    }
    await put(target, ...unsent);
    expect(await dueNow(target, unsent[0] ?? ring)).toBe(expected);
  });

  it('is made once by many at once, and holds the newest of them', async () => {
    const target = newTarget();
    const others = createPushes({ store, clock: systemClock, onPut: () => undefined });
    const seqs = Array.from({ length: 60 }, (_, n) => n + 1);
    await Promise.all(
      seqs.map((seq) => (seq % 2 ? pushes : others).put([{ target, userId: bob, content: message(seq) }])),
    );
    expect(await slotOf(target, message(1))).toMatchObject({ content: { seq: 60 }, rank: 120 });
  });

  it('tells why a ring was never sent', async () => {
    const [replaced, withdrawn] = [newTarget(), newTarget()];
    const call = newCall();
    await put(replaced, incoming(call), cancelled(call));
    await put(withdrawn, incoming(call));
    await pushes.withdraw(
      subjectOf(ring).replace(callId, call) as `call:${string}`,
      [withdrawn.id],
      'acknowledged',
    );
    const told = async (target: PushTarget) => (await slotOf(target, incoming(call)))?.outbox;
    const event = {
      type: 'call.pushed',
      callId: call,
      userId: '2',
      content: 'call.incoming',
      step: 'dropped',
    };
    expect(await told(replaced)).toMatchObject([
      { ...event, target: replaced, detail: 'answered_elsewhere' },
    ]);
    expect(await told(withdrawn)).toMatchObject([{ ...event, target: withdrawn, detail: 'acknowledged' }]);
    expect(await dueNow(withdrawn, incoming(call))).toBe('nothing');
    await put(withdrawn, incoming(call), cancelled(call));
    expect(await dueNow(withdrawn, incoming(call))).toBe('nothing');
  });

  it('waits as long as it was put to wait', async () => {
    const target = newTarget();
    const content = incoming(newCall());
    const notBefore = Date.now() + 3_000;
    await pushes.put([{ target, userId: bob, content, notBefore }]);
    expect((await slotOf(target, content))?.dueAt?.getTime()).toBe(notBefore);
    expect(await store.claim([idOf(target, content)], notBefore - 1, LEASE_MS)).toEqual([]);
    expect(await store.claim([idOf(target, content)], notBefore, LEASE_MS)).toHaveLength(1);
  });
});

describe('a slot in hand', () => {
  it('is one worker’s, until its lease ends', async () => {
    const target = newTarget();
    const content = message(1);
    await put(target, content);
    const claims = await Promise.all(
      Array.from({ length: 10 }, () => store.claim([idOf(target, content)], Date.now(), LEASE_MS)),
    );
    expect(claims.flat()).toHaveLength(1);
    const later = await store.claim([idOf(target, content)], Date.now() + LEASE_MS + 1, LEASE_MS);
    expect(later).toHaveLength(1);
    // The first comes back after all: its word about the slot counts no more.
    const [first] = claims.flat();
    if (first) await end(first, { step: 'sent' });
    expect(await slotOf(target, content)).toMatchObject({ lease: later[0]?.lease });
  });

  it.each<[string, Ending, PushContent, string]>([
    ['sent, then cancelled', { step: 'sent' }, cancelled(newCall()), 'call.cancelled'],
    [
      'perhaps sent, then cancelled',
      { step: 'retry', at: 0, detail: 'timeout', uncertain: true },
      cancelled(newCall()),
      'call.cancelled',
    ],
    [
      'not sent, then cancelled',
      { step: 'retry', at: 0, detail: '503', uncertain: false },
      cancelled(newCall()),
      'nothing',
    ],
    ['refused, then cancelled', { step: 'failed', detail: '400' }, cancelled(newCall()), 'nothing'],
    ['refused, then missed', { step: 'failed', detail: '400' }, missed(newCall()), 'call.missed'],
    ['sent, then missed', { step: 'sent' }, missed(newCall()), 'call.missed'],
    ['parked, then cancelled', { step: 'parked', at: 0 }, cancelled(newCall()), 'nothing'],
  ])('when it was %s', async (_what, ending, then, expected) => {
    const target = newTarget();
    if (!('callId' in then)) throw new Error('about calls');
    await put(target, incoming(then.callId));
    const slot = await take(target, then);
    await put(target, then);
    // Nobody else sends the later before the earlier came to an end.
    expect(await store.claim([slot._id], Date.now(), LEASE_MS)).toEqual([]);
    await end(slot, ending);
    expect(await dueNow(target, then)).toBe(expected);
  });

  it('is tried again when it failed, and not sooner because there is more to say', async () => {
    const target = newTarget();
    await put(target, message(1));
    const at = Date.now() + 60_000;
    await end(await take(target, message(1)), { step: 'retry', at, detail: '503', uncertain: false });
    await put(target, message(2));
    expect(await slotOf(target, message(1))).toMatchObject({
      dueAt: new Date(at),
      attempts: 1,
      error: '503',
      content: { seq: 2 },
      shown: false,
    });
    await end(await take(target, message(1), at), { step: 'sent' });
    expect(await slotOf(target, message(1))).toMatchObject({ attempts: 0, shown: true, sentRev: 2 });
    expect(await dueNow(target, message(1))).toBe('nothing');
  });

  it('left by a dead worker is cancelled as if it had been sent', async () => {
    const target = newTarget();
    const call = newCall();
    await put(target, incoming(call));
    await take(target, incoming(call));
    await put(target, cancelled(call));
    const [slot] = await store.claim([idOf(target, incoming(call))], Date.now() + LEASE_MS + 1, LEASE_MS);
    expect(slot).toMatchObject({ content: { type: 'call.cancelled' }, rev: 2 });
  });
});

describe('what is due', () => {
  it('comes the longest waiting first, without the lanes that are full, and is parked by lane', async () => {
    await slots().deleteMany({});
    const targets = Array.from({ length: 4 }, newTarget);
    for (const [n, target] of targets.entries()) {
      await put(target, message(1));
      await slots().updateOne(
        { _id: idOf(target, message(1)) },
        { $set: { dueAt: new Date(n), ...(n % 2 ? { lane: 'slow' } : {}) } },
      );
    }
    const ids = targets.map((target) => idOf(target, message(1)));
    const due = async (without: string[]) =>
      (await store.due('chat', Date.now(), without, 10)).map(({ _id }) => _id);
    expect(await due([])).toEqual(ids);
    expect(await due(['slow'])).toEqual([ids[0], ids[2]]);
    expect(await store.due('call', Date.now(), [], 10)).toEqual([]);
    expect(await store.backlog(Date.now(), 3)).toBe(3);
    await store.park('slow', Date.now(), Date.now() + 60_000);
    expect(await due([])).toEqual([ids[0], ids[2]]);
  });
});
