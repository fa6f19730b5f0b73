import { randomUUID } from 'node:crypto';
import { externalMongo, startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import {
  createManualClock,
  createMemoryBus,
  createMemoryLiveCalls,
  type ManualClock,
  type MemoryBus,
} from '@switchboard/engine-memory';
import {
  type Call,
  CallId,
  type CallQuality,
  DeviceId,
  type EventBody,
  type Result,
  UserId,
} from '@switchboard/protocol';
import {
  connectMongo,
  createLogger,
  followEvents,
  type MongoHandle,
  newEvent,
} from '@switchboard/service-kit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LiveCall } from '../calls/live-call.ts';
import { callFigures, rangeOf } from '../quality/call-figures.ts';
import { type CallHistory, createCallHistory } from './call-history.ts';
import { callModel } from './call-model.ts';
import type { CallSearch } from './call-search.ts';

const logger = createLogger({ level: 'silent', service: 'test', nodeId: 'test' });
const HOUR_MS = 3_600_000;

let server: TestMongo;
let mongo: MongoHandle;
let clock: ManualClock;
let bus: MemoryBus;
let history: CallHistory;
let following: AsyncDisposable;

beforeAll(async () => {
  server = await startTestMongo();
});
afterAll(() => server?.[Symbol.asyncDispose]());
beforeEach(async () => {
  clock = createManualClock();
  bus = createMemoryBus({ clock });
  mongo = await connectMongo(server.database(), { logger, appName: 'test' });
  const liveCalls = createMemoryLiveCalls<LiveCall>();
  history = await createCallHistory({ mongo, clock, logger, liveCalls });
  following = await followEvents(bus, { durable: 'test', maxDeliver: 20 }, [history]);
});
afterEach(async () => {
  await following[Symbol.asyncDispose]();
  await history[Symbol.asyncDispose]();
  await mongo[Symbol.asyncDispose]();
  await bus.close();
});

const user = (id: number) => {
  const userId = UserId.parse(String(id));
  return { id: userId, username: `user${id}`, name: `User ${id}` };
};
const at = (ms: number) => new Date(clock.now() + ms).toISOString();
const codeOf = (result: Result<unknown>) => (result.ok ? 'ok' : result.error.code);

interface Told {
  readonly from?: number;
  readonly to?: readonly number[];
  /** When it began, from now. */
  readonly began?: number;
  readonly answered?: boolean;
  readonly over?: boolean;
  readonly reason?: NonNullable<Call['endReason']>;
}

/** Tells history of a call that `from` placed to `to`, of whom the first answered after 2 s, and that ended after 10 s. */
async function call({ from = 1, to = [2], began = 0, answered = true, over = true, reason }: Told = {}) {
  const device = () => ({ deviceId: DeviceId.parse(randomUUID()), dialect: 'native' as const });
  const ringing: Call = {
    id: CallId.parse(randomUUID()),
    kind: 'video',
    media: 'p2p',
    phase: 'ringing',
    caller: user(from),
    callerDevice: device(),
    callees: to.map(user),
    createdAt: at(began),
  };
  const answerDevice = device();
  const by = user(to[0] ?? 2).id;
  const active: Call = answered
    ? { ...ringing, phase: 'active', answeredBy: by, answerDevice, answeredAt: at(began + 2_000) }
    : ringing;
  const endReason = reason ?? (answered ? 'hangup' : 'missed');
  const tell = (body: EventBody) => bus.publish(newEvent(body, clock));
  await tell({ type: 'call.ringing', call: ringing, reachable: [] });
  if (answered) await tell({ type: 'call.answered', call: active, by, device: answerDevice });
  if (over) {
    const ended: Call = { ...active, phase: 'ended', endedAt: at(began + 10_000), endReason };
    const phase = answered ? 'active' : 'ringing';
    await tell({ type: 'call.ended', call: ended, reason: endReason, from: phase });
  }
  return ringing.id;
}

const good: CallQuality = {
  roundTripMs: 40,
  jitterMs: 2,
  loss: 0,
  path: 'direct',
  setupMs: 500,
  codecs: ['audio/opus'],
};
const bad: CallQuality = {
  roundTripMs: 600,
  jitterMs: 40,
  loss: 0.05,
  path: 'relay',
  setupMs: 2_500,
  codecs: ['audio/opus', 'video/VP8'],
};

describe('a report of how a call sounded', () => {
  it('is kept for each side once, the last one, with its score; the call has the worse', async () => {
    const id = await call();
    const mine = await history.report(id, user(1).id, bad);
    expect(mine.ok && mine.value).toEqual({ ...bad, mos: 2.23, reportedAt: at(0) });
    expect(codeOf(await history.report(id, user(1).id, good))).toBe('ok');
    expect((await history.record(id))?.quality).toEqual({
      mos: 4.39,
      caller: { ...good, mos: 4.39, reportedAt: at(0) },
    });
    expect(codeOf(await history.report(id, user(2).id, bad))).toBe('ok');
    const record = await history.record(id);
    expect(record?.quality).toMatchObject({ mos: 2.23, caller: { mos: 4.39 }, answerer: { mos: 2.23 } });
    expect(record?.negotiated).toEqual({ codecs: ['audio/opus', 'video/VP8'], path: 'relay' });
    // What events still say takes nothing away.
    expect(record).toMatchObject({ ringMs: 2_000, durationMs: 8_000, call: { endReason: 'hangup' } });
  });

  it('is taken while the call lasts and an hour long after it, from those who were in it alone', async () => {
    const unknown = CallId.parse(randomUUID());
    const group = await call({ to: [2, 3] });
    const unanswered = await call({ answered: false });
    const lasting = await call({ over: false });
    const refusals = await Promise.all([
      history.report(unknown, user(1).id, good),
      history.report(group, user(9).id, good),
      history.report(group, user(3).id, good),
      history.report(unanswered, user(1).id, good),
    ]);
    expect(refusals.map(codeOf)).toEqual(['CALL_NOT_FOUND', 'CALL_NOT_FOUND', 'CONFLICT', 'CONFLICT']);
    // Whoever has no part in a call learns nothing of it.
    expect(refusals[1]).toEqual(refusals[0]);
    expect(codeOf(await history.report(lasting, user(1).id, good))).toBe('ok');
    await clock.advance(HOUR_MS);
    expect(codeOf(await history.report(group, user(1).id, good))).toBe('ok');
    await clock.advance(10_001);
    expect(codeOf(await history.report(group, user(1).id, good))).toBe('CONFLICT');
    expect((await history.record(unanswered))?.quality).toBeUndefined();
  });
});

describe('the figures of many calls', () => {
  it('count what was and average what was reported, of the range alone', async () => {
    const [first, second] = [await call(), await call({ began: 60_000 })];
    await call({ began: 120_000, answered: false });
    await call({ began: 180_000, answered: false, reason: 'unavailable' });
    await call({ began: 240_000, over: false });
    await call({ began: -2 * 24 * HOUR_MS });
    await call({ began: 24 * HOUR_MS });
    await history.report(first, user(1).id, good);
    await history.report(first, user(2).id, bad);
    await history.report(second, user(1).id, good);
    const range = { from: new Date(clock.now()), to: new Date(clock.now() + HOUR_MS) };
    expect(await history.figures(range)).toEqual({
      from: range.from.toISOString(),
      to: range.to.toISOString(),
      complete: true,
      calls: 5,
      answered: 3,
      answeredShare: 0.6,
      endReasons: { hangup: 2, missed: 1, unavailable: 1 },
      reported: 2,
      mos: {
        mean: expect.closeTo((4.39 + 2.23) / 2),
        median: expect.closeTo(3.31),
        p10: expect.closeTo(2.446),
      },
      roundTripMs: 40,
      jitterMs: 2,
      loss: 0,
      relayedShare: 0.5,
      setupMs: { p50: 500, p95: expect.closeTo(2_300) },
    });
  });

  it('leave out what nothing was measured for, and say when they are not of all calls', async () => {
    const range = { from: new Date(0), to: new Date(clock.now() + HOUR_MS) };
    expect(await history.figures(range)).toMatchObject({
      calls: 0,
      answered: 0,
      reported: 0,
      endReasons: {},
    });
    expect(Object.keys(await history.figures(range)).sort()).toEqual(
      ['answered', 'calls', 'complete', 'endReasons', 'from', 'reported', 'to'].sort(),
    );
    for (let n = 0; n < 3; n += 1) await call({ began: n, answered: n > 0 });
    const cut = await callFigures(callModel(mongo.connection), range, 2);
    expect(cut).toMatchObject({ complete: false, calls: 2, answered: 2 });
  });

  it.each([
    ['nothing', {}, -24, 0],
    ['an end', { to: -10 }, -34, -10],
    ['a beginning', { from: -10 }, -10, 0],
    ['a beginning long ago', { from: -24 * 40 }, -24 * 40, -24 * 9],
    ['both', { from: -100, to: -50 }, -100, -50],
  ])(
    'are of a range of a day, or of 31 at most: %s',
    (_what, given: { from?: number; to?: number }, from, to) => {
      const now = Date.parse('2026-06-01T00:00:00Z');
      const hours = (offset: number) => new Date(now + offset * HOUR_MS);
      const asked = Object.fromEntries(
        Object.entries(given).map(([end, offset]) => [end, hours(offset).toISOString()]),
      );
      expect(rangeOf(asked, now)).toEqual({ from: hours(from), to: hours(to) });
    },
  );
});

describe('the search for calls', () => {
  const search = async (ask: Partial<CallSearch> = {}) => {
    const found = await history.search({ limit: 50, ...ask });
    if (!found.ok) throw new Error(found.error.code);
    return { ids: found.value.calls.map((one) => one.call.id), more: found.value.more };
  };

  it('finds by user, time and end, newest first', async () => {
    const old = await call({ began: 0 });
    const missed = await call({ began: 1_000, from: 3, to: [1], answered: false });
    const others = await call({ began: 2_000, from: 4, to: [5] });
    expect((await search()).ids).toEqual([others, missed, old]);
    expect((await search({ user: user(1).id })).ids).toEqual([missed, old]);
    expect((await search({ user: user(1).id, reason: 'missed' })).ids).toEqual([missed]);
    expect((await search({ reason: 'hangup' })).ids).toEqual([others, old]);
    expect((await search({ from: at(1_000) })).ids).toEqual([others, missed]);
    expect((await search({ from: at(500), to: at(2_000) })).ids).toEqual([missed]);
    const strange = await history.search({ limit: 5, before: CallId.parse(randomUUID()) });
    expect(codeOf(strange)).toBe('INVALID_DATA');
  });

  it('walks page by page through every call once, calls of one moment included', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 11; n += 1) ids.push(await call({ began: Math.floor(n / 4) * 1_000, over: false }));
    const walked: CallId[] = [];
    for (let before: CallId | undefined; ; ) {
      const page = await search({ limit: 3, before });
      walked.push(...page.ids);
      if (!page.more) break;
      before = page.ids.at(-1);
    }
    expect(walked.toSorted()).toEqual(ids.toSorted());
    expect(walked).toHaveLength(11);
  });

  // Only the embedded server counts the documents it looks at.
  it.skipIf(externalMongo)('goes along an index, and so do the figures', async () => {
    for (let n = 0; n < 40; n += 1) {
      await call({ began: n * 60_000, from: 10 + n, to: [100 + n], answered: n % 10 !== 0 });
    }
    const examined = async (work: () => Promise<unknown>) => {
      const before = server.embedded?.stats().docsExamined ?? Number.NaN;
      await work();
      return (server.embedded?.stats().docsExamined ?? Number.NaN) - before;
    };
    const last = (await search({ limit: 20 })).ids.at(-1);
    expect(await examined(() => search({ limit: 5 }))).toBeLessThanOrEqual(8);
    expect(await examined(() => search({ limit: 5, before: last }))).toBeLessThanOrEqual(10);
    expect(await examined(() => search({ limit: 5, reason: 'missed' }))).toBeLessThanOrEqual(8);
    expect(await examined(() => search({ limit: 5, user: user(12).id }))).toBeLessThanOrEqual(4);
    const range = { from: new Date(clock.now()), to: new Date(clock.now() + 300_000) };
    expect(await examined(() => history.figures(range))).toBeLessThanOrEqual(8);
  });
});
