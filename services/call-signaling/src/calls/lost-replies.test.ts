import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { createManualClock, type ManualClock } from '@switchboard/engine-memory';
import { CallId, type Result } from '@switchboard/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  byId,
  type CallCluster,
  candidate,
  codeOf,
  createCallCluster,
  good,
  offerFirst,
  type TestDevice,
  until,
} from '../testing/call-cluster.ts';
import { endWithoutLeaks } from '../testing/end-without-leaks.ts';
import { createLostReplies, type LostReplies } from '../testing/lost-replies.ts';
import type { LiveCall } from './live-call.ts';
import { BEAT_MS, SILENT_MS } from './pulse.ts';

const TIMINGS = { ringMs: 60_000, leaseMs: 12_000, graceMs: 15_000 };
/** By then whatever nobody answers for has ended. */
const LONG = TIMINGS.leaseMs + TIMINGS.graceMs + 5_000;
/** A sweep has published what is due by then, and no lease was renewed yet. */
const SWEPT = 2 * BEAT_MS;

let clock: ManualClock;
let replies: LostReplies;
let cluster: CallCluster;

beforeEach(async () => {
  clock = createManualClock();
  replies = createLostReplies();
  cluster = await createCallCluster({ nodes: 3, clock, timings: TIMINGS, liveCalls: replies.between });
  await clock.advance(SILENT_MS + BEAT_MS);
});

afterEach(() => endWithoutLeaks(cluster));

const answer = { type: 'answer', sdp: 'a' };
const isActive = ({ state }: LiveCall) => state.call.phase === 'active';
const isEnded = ({ state }: LiveCall) => state.call.phase === 'ended';

/** What was asked for was done, and whoever asked does not know. */
async function unheard(asked: Promise<Result<unknown>>): Promise<void> {
  await expect(asked).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryable: true });
  expect(replies.isLost).toBe(true);
}

/** In small steps, as the nodes have it. */
async function pass(ms: number): Promise<void> {
  await cluster.quiet();
  await clock.advance(ms);
  await cluster.quiet();
}

const answers = (device: TestDevice, callId: CallId) =>
  device.send({ type: 'call.answer', ref: byId(callId), answer });
const places = (device: TestDevice, callId: CallId) => device.send({ ...offerFirst(2), callId });
const ends = (device: TestDevice, callId: CallId) => device.send({ type: 'call.end', ref: byId(callId) });
const isHosted = ({ node, deviceId }: TestDevice) => node.context.calls.hosted.seatOf(deviceId) !== undefined;

/** Alice on the first node rings Bob's two devices on the second and the third. */
async function ringing() {
  const alice = await cluster.connect(1, 'native', 0);
  const bob = await cluster.connect(2, 'native', 1);
  const tab = await cluster.connect(2, 'native', 2);
  const callId = CallId.parse(randomUUID());
  good(await places(alice, callId));
  await cluster.quiet();
  return { alice, bob, tab, callId };
}

async function talking() {
  const parties = await ringing();
  good(await answers(parties.bob, parties.callId));
  await cluster.quiet();
  return parties;
}

/** The call lives for longer than it could unattended, nobody was ever said to be away, and each hears the other. */
async function lives(callId: CallId, one: TestDevice, other: TestDevice): Promise<void> {
  await pass(LONG);
  expect((await cluster.stateOf(callId))?.state.call.phase).toBe('active');
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    const payload = { from: from.socketId };
    good(await from.send(candidate(payload, byId(callId))));
    await until('a signal', () =>
      to.of('call.signal').some(({ signal }) => isDeepStrictEqual(signal.payload, payload)),
    );
  }
}

/** With the same device again at once; or never again; or never again, while the store is away for a while. */
const HOWS = ['repeated', 'not repeated', 'not repeated, the store being away'] as const;
type How = (typeof HOWS)[number];

async function lose(
  how: How,
  isLike: (live: LiveCall) => boolean,
  ask: () => Promise<Result<unknown>>,
): Promise<void> {
  await cluster.quiet();
  replies.loseNext(isLike, how.endsWith('away') ? 'goes' : undefined);
  await unheard(ask());
  if (how === 'repeated') good(await ask());
  else await pass(how === 'not repeated' ? SWEPT : TIMINGS.leaseMs / 2);
  replies.away = false;
  await pass(SWEPT);
}

describe('a seat taken though nobody heard so from the store', () => {
  it.each(HOWS)('by an answer, %s', async (how) => {
    const { alice, bob, tab, callId } = await ringing();
    good(await alice.send(candidate({ c: 1 }, byId(callId))));
    await lose(how, isActive, () => answers(bob, callId));
    expect(isHosted(bob)).toBe(true);
    expect(alice.of('call.answered').map((heard) => heard.answer)).toEqual([answer]);
    expect(bob.of('call.signal').map(({ signal }) => signal.payload)).toEqual([{ c: 1 }]);
    expect(tab.of('call.ended').map(({ reason }) => reason)).toEqual(['answered_elsewhere']);
    await lives(callId, alice, bob);
    expect(cluster.eventsOf('call.answered')).toHaveLength(1);
    expect(cluster.eventsOf('call.interrupted')).toEqual([]);
  });

  it('by an answer that is repeated at once: the very next signals pass', async () => {
    const { alice, bob, callId } = await ringing();
    replies.loseNext(isActive);
    await unheard(answers(bob, callId));
    expect(isHosted(bob)).toBe(false);
    expect(good(await answers(bob, callId))).toMatchObject({ renegotiation: false });
    expect(isHosted(bob)).toBe(true);
    good(await bob.send(candidate({ c: 2 }, byId(callId))));
    await until('alice has both', () => alice.of('call.signal').length === 1);
    const heard = alice.received.map(({ type }) => type);
    expect(heard.indexOf('call.answered')).toBeLessThan(heard.indexOf('call.signal'));
    await lives(callId, alice, bob);
  });

  it('by an answer repeated late: the caller, who has heard of it, does not hear it again, and the lease holds', async () => {
    const { alice, bob, callId } = await ringing();
    // Not in step with the renewals of its node.
    await pass(TIMINGS.leaseMs / 12);
    replies.loseNext(isActive);
    await unheard(answers(bob, callId));
    bob.node.context.calls.unsure.clear();
    await pass(TIMINGS.leaseMs - 100);
    expect(isHosted(bob)).toBe(false);
    good(await answers(bob, callId));
    await lives(callId, alice, bob);
    expect(alice.of('call.answered')).toHaveLength(1);
    expect(cluster.eventsOf('call.interrupted')).toEqual([]);
  });

  it.each(HOWS)('by a place, %s', async (how) => {
    const alice = await cluster.connect(1, 'native', 0);
    const bob = await cluster.connect(2, 'native', 1);
    const callId = CallId.parse(randomUUID());
    await lose(
      how,
      () => true,
      () => places(alice, callId),
    );
    expect(isHosted(alice)).toBe(true);
    expect(bob.of('call.incoming')).toHaveLength(1);
    await pass(LONG);
    good(await answers(bob, callId));
    await until('alice hears', () => alice.of('call.answered').length === 1);
    await lives(callId, alice, bob);
  });

  it('by a place that is repeated at once', async () => {
    const alice = await cluster.connect(1, 'native', 0);
    await cluster.connect(2, 'native', 1);
    const callId = CallId.parse(randomUUID());
    replies.loseNext(() => true);
    await unheard(places(alice, callId));
    expect(isHosted(alice)).toBe(false);
    expect(good(await places(alice, callId)).call?.id).toBe(callId);
    expect(isHosted(alice)).toBe(true);
    good(await ends(alice, callId));
  });

  it.each(HOWS)('by a take, %s', async (how) => {
    const { alice, bob, tab, callId } = await talking();
    await lose(
      how,
      ({ state }) => state.movedBy !== undefined,
      () => tab.send({ type: 'call.take', callId }),
    );
    expect(isHosted(tab)).toBe(true);
    // Before the next renewal of its lease would have told it.
    expect(isHosted(bob)).toBe(false);
    expect(bob.of('call.ended').map(({ reason }) => reason)).toContain('moved');
    expect(alice.of('call.moved')[0]?.device.deviceId).toBe(tab.deviceId);
    await lives(callId, alice, tab);
  });

  it('by a take that is repeated at once', async () => {
    const { alice, tab, callId } = await talking();
    const taken = () => tab.send({ type: 'call.take', callId });
    replies.loseNext(({ state }) => state.movedBy !== undefined);
    await unheard(taken());
    good(await taken());
    expect(isHosted(tab)).toBe(true);
    await lives(callId, alice, tab);
  });

  it.each(HOWS)('by a device that is back, %s', async (how) => {
    const { alice, bob, tab, callId } = await talking();
    await tab.leave();
    await bob.leave();
    await cluster.quiet();
    replies.loseNext(
      ({ state }) => state.answerSeat?.awayUntil === undefined,
      how.endsWith('away') ? 'goes' : undefined,
    );
    const back = await cluster.connect(2, 'native', 1);
    expect(replies.isLost).toBe(true);
    expect(isHosted(back)).toBe(false);
    if (how === 'repeated') {
      good(await back.send({ type: 'call.resume', callId }));
      expect(isHosted(back)).toBe(true);
    } else await pass(how === 'not repeated' ? SWEPT : TIMINGS.leaseMs / 2);
    replies.away = false;
    await pass(SWEPT);
    expect(isHosted(back)).toBe(true);
    expect(alice.of('call.peer').map(({ state }) => state)).toEqual(['away', 'back']);
    await lives(callId, alice, back);
  });

  it('by a socket that is gone since: it is away at once, and the next one has its seat', async () => {
    const { alice, bob, tab, callId } = await ringing();
    await tab.leave();
    replies.loseNext(isActive, 'goes');
    await unheard(answers(bob, callId));
    await bob.leave();
    replies.away = false;
    const { device: back, arrive } = cluster.enter(2, 'native', 1);
    await arrive();
    const answering = answers(back, callId);
    await pass(SWEPT);
    expect(good(await answering)).toMatchObject({ call: { answerDevice: { deviceId: back.deviceId } } });
    await lives(callId, alice, back);
  });
});

describe('a device that asks again by another socket', () => {
  it('and was there before its old one took the seat: the same answer is no other device’s', async () => {
    const { alice, bob, tab: back, callId } = await ringing();
    replies.loseNext(isActive);
    await unheard(answers(bob, callId));
    await expect(answers(back, callId)).rejects.toMatchObject({ retryable: true });
    expect(back.of('call.ended')).toEqual([]);
    await bob.leave();
    await pass(SWEPT);
    expect(isHosted(back)).toBe(true);
    good(await answers(back, callId));
    await lives(callId, alice, back);
  });

  it.each([
    ['resumes', (device: TestDevice, callId: CallId) => device.send({ type: 'call.resume', callId })],
    ['places', places],
  ] as const)('and %s, has the seat of the old one as soon as that is empty', async (_how, ask) => {
    const { alice, bob, callId } = await talking();
    // Long enough that it does not count as come of late.
    const other = await cluster.connect(1, 'native', 2);
    await pass(2 * LONG + 60_000);
    good<unknown>(await ask(other, callId));
    await alice.leave();
    await pass(BEAT_MS);
    expect(isHosted(other)).toBe(true);
    await lives(callId, bob, other);
  });
});

describe('an end of which nobody heard from the store', () => {
  it.each(['repeated', 'not repeated'] as const)(
    'a hang-up, %s: all hear it, and no node holds on',
    async (how) => {
      const { alice, bob, callId } = await talking();
      replies.loseNext(isEnded);
      await unheard(ends(alice, callId));
      expect(isHosted(alice)).toBe(true);
      if (how === 'repeated') {
        expect(codeOf(await ends(alice, callId))).toBe('CALL_NOT_FOUND');
        expect(isHosted(alice)).toBe(false);
      }
      await pass(SWEPT);
      for (const device of [alice, bob]) {
        expect(device.of('call.ended').map(({ reason }) => reason)).toEqual(['hangup']);
        expect(isHosted(device)).toBe(false);
      }
      expect(cluster.eventsOf('call.ended')).toHaveLength(1);
      await pass(LONG);
      expect((await cluster.stateOf(callId))?.state.call.endReason).toBe('hangup');
    },
  );

  it.each([
    ['cancel', 'cancelled', (alice: TestDevice, _bob: TestDevice, callId: CallId) => ends(alice, callId)],
    [
      'refusal',
      'rejected',
      (_alice: TestDevice, bob: TestDevice, callId: CallId) =>
        bob.send({ type: 'call.reject', ref: byId(callId), reason: 'rejected' }),
    ],
  ] as const)('a %s: ringing stops, the caller hears, both are free', async (_what, reason, end) => {
    const { alice, bob, tab, callId } = await ringing();
    replies.loseNext(isEnded);
    await unheard(end(alice, bob, callId));
    expect(codeOf(await end(alice, bob, callId))).toBe('CALL_NOT_FOUND');
    await pass(SWEPT);
    expect(alice.of(reason === 'rejected' ? 'call.rejected' : 'call.ended')).toHaveLength(1);
    expect(tab.of('call.ended')).toHaveLength(1);
    expect(isHosted(alice)).toBe(false);
    expect(cluster.eventsOf('call.ended').map(({ call }) => call.endReason)).toEqual([reason]);
    const { call } = good(await bob.send(offerFirst(1)));
    if (!call) throw new Error('no call');
    good(await ends(bob, call.id));
  });

  it('a ring that nobody answered: the caller hears once that its time is over', async () => {
    const { alice, tab } = await ringing();
    replies.loseNext(isEnded);
    await pass(TIMINGS.ringMs + SWEPT);
    expect(replies.isLost).toBe(true);
    expect(alice.of('call.rejected').map(({ reason }) => reason)).toEqual(['timeout']);
    expect(tab.of('call.ended').map(({ reason }) => reason)).toEqual(['timeout']);
    expect(isHosted(alice)).toBe(false);
    expect(cluster.eventsOf('call.ended').map(({ call }) => call.endReason)).toEqual(['missed']);
  });

  it('a loss of both parties: the grace runs out all the same', async () => {
    const { alice, bob, tab, callId } = await talking();
    await tab.leave();
    replies.loseNext(({ state }) => state.answerSeat?.awayUntil !== undefined);
    await bob.leave();
    await pass(SWEPT);
    expect(alice.of('call.peer').map(({ state }) => state)).toEqual(['away']);
    replies.loseNext(isEnded);
    await pass(TIMINGS.graceMs + SWEPT);
    expect(replies.isLost).toBe(true);
    expect(alice.of('call.ended').map(({ reason }) => reason)).toEqual(['network_error']);
    expect((await cluster.stateOf(callId))?.state.call.endReason).toBe('network_error');
  });
});

it('a new offer of which the caller did not hear that it counts rings when it is sent again, and then no more', async () => {
  const { alice, bob } = await ringing();
  const anew = { type: 'offer', sdp: 'anew' };
  replies.loseNext(({ state }) => isDeepStrictEqual(state.offer, anew));
  await unheard(alice.send(offerFirst(2, anew)));
  for (let times = 0; times < 2; times += 1) {
    good(await alice.send(offerFirst(2, anew)));
    await cluster.quiet();
    expect(bob.of('call.incoming').map(({ offer }) => offer)).toEqual([{ type: 'offer', sdp: 'o' }, anew]);
  }
  const callId = bob.of('call.incoming')[0]?.call.id;
  if (!callId) throw new Error('no call');
  good(await ends(alice, callId));
});
