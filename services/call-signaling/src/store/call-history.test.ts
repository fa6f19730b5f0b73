import { randomUUID } from 'node:crypto';
import { externalMongo, startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import {
  createManualClock,
  createMemoryBus,
  createMemoryLiveCalls,
  createMemoryRateLimits,
  type ManualClock,
  type MemoryBus,
} from '@switchboard/engine-memory';
import type { LiveCalls } from '@switchboard/ports';
import {
  type Call,
  type CallEvent,
  CallId,
  DeviceId,
  type EventBody,
  type Identity,
  SessionId,
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
import { callRoutes } from '../http/call-routes.ts';
import { type CallHistory, createCallHistory } from './call-history.ts';

const logger = createLogger({ level: 'silent', service: 'test', nodeId: 'test' });
const device = { deviceId: DeviceId.parse(randomUUID()), dialect: 'native' } as const;

let server: TestMongo;
let mongo: MongoHandle;
let clock: ManualClock;
let bus: MemoryBus;
let liveCalls: LiveCalls<LiveCall>;
let history: CallHistory;
let following: AsyncDisposable;

beforeAll(async () => {
  server = await startTestMongo();
});

afterAll(() => server?.[Symbol.asyncDispose]());

beforeEach(async () => {
  clock = createManualClock();
  bus = createMemoryBus({ clock });
  liveCalls = createMemoryLiveCalls<LiveCall>();
  mongo = await connectMongo(server.database(), { logger, appName: 'test' });
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

function ringing(more: Partial<Call> = {}): Call {
  return {
    id: CallId.parse(randomUUID()),
    kind: 'video',
    media: 'p2p',
    phase: 'ringing',
    caller: user(1),
    callerDevice: device,
    callees: [user(2)],
    createdAt: new Date(clock.now()).toISOString(),
    ...more,
  };
}

/** The call as the live store has it. */
function liveAs(call: Call, outbox: readonly CallEvent[] = []): LiveCall {
  return { state: { call }, outbox } as unknown as LiveCall;
}

const at = (ms: number) => new Date(clock.now() + ms).toISOString();

/** The three events of a call that was answered after 2 s and ended 60 s later. */
function lifeOf(call: Call): CallEvent[] {
  const active: Call = {
    ...call,
    phase: 'active',
    answeredBy: user(2).id,
    answerDevice: device,
    answeredAt: at(2_000),
  };
  const over: Call = {
    ...active,
    phase: 'ended',
    endedAt: at(62_000),
    endReason: 'hangup',
    endedBy: user(1).id,
  };
  const bodies: EventBody<CallEvent>[] = [
    { type: 'call.ringing', call, reachable: [user(2).id] },
    { type: 'call.answered', call: active, by: user(2).id, device },
    { type: 'call.ended', call: over, reason: 'hangup', by: user(1).id, from: 'active' },
  ];
  return bodies.map((body) => newEvent(body, clock) as CallEvent);
}

async function page(id: number, query: Parameters<CallHistory['page']>[1] = { limit: 50 }) {
  const result = await history.page(user(id).id, query);
  if (!result.ok) throw new Error(result.error.code);
  const { calls, more } = result.value;
  return { calls: calls.map(({ call }) => call), more };
}

describe('the history of calls', () => {
  it('is the same in whatever order, and however often, the events come', async () => {
    const orders = [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
      [2, 0, 1],
      [0, 0, 2, 2, 1, 1, 0],
    ];
    for (const order of orders) {
      const call = ringing();
      const events = lifeOf(call);
      for (const index of order) {
        const event = events[index];
        // A new id each time: this is about the store, not about what the bus drops.
        if (event) await bus.publish(newEvent({ ...event }, clock));
      }
      const found = (await page(2)).calls.find(({ id }) => id === call.id);
      expect(found).toEqual(events[2]?.call);
      const stored = await mongo.connection.collection('calls').findOne({ _id: call.id as never });
      expect(stored).toMatchObject({ open: false, durationMs: 60_000 });
      expect(stored?.devices).toHaveLength(2);
    }
  });

  it('never changes a call for another one that comes with its id', async () => {
    const call = ringing();
    for (const event of lifeOf(call)) await bus.publish(event);
    const before = await page(2);
    expect(await history.knows(call.id)).toBe(true);
    expect(await history.knows(ringing().id)).toBe(false);
    const strangers = { caller: user(3), callees: [user(4)] };
    const later = { createdAt: at(600_000) };
    for (const other of [strangers, later, { ...strangers, ...later }]) {
      for (const event of lifeOf({ ...call, ...other })) await bus.publish(event);
    }
    expect(await page(2)).toEqual(before);
    expect((await page(1)).calls).toEqual(before.calls);
    expect((await page(3)).calls).toEqual([]);
    expect((await page(4)).calls).toEqual([]);
    // Nor is anything behind it held up.
    const [next] = lifeOf(ringing({ caller: user(5) }));
    if (next) await bus.publish(next);
    expect((await page(5)).calls).toEqual([next?.call]);
  });

  it('shows a call that is still on, to both, and to nobody else', async () => {
    const [ring] = lifeOf(ringing());
    if (ring) await bus.publish(ring);
    expect((await page(1)).calls).toEqual([ring?.call]);
    expect((await page(2)).calls).toEqual([ring?.call]);
    expect((await page(3)).calls).toEqual([]);
  });

  it('walks page by page through every call once, newest first, calls of one moment included', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 25; n += 1) {
      const call = ringing({ createdAt: at(Math.floor(n / 3) * 1_000) });
      ids.push(call.id);
      const [event] = lifeOf(call);
      if (event) await bus.publish(event);
    }
    const walked: Call[] = [];
    for (let before: CallId | undefined; ; ) {
      const { calls, more } = await page(1, { limit: 4, before });
      walked.push(...calls);
      if (!more) break;
      before = calls.at(-1)?.id;
    }
    expect(walked.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    const times = walked.map(({ createdAt }) => createdAt);
    expect(times).toEqual(times.toSorted().reverse());
    const strange = await history.page(user(3).id, { limit: 4, before: walked[0]?.id });
    expect(strange.ok ? 'ok' : strange.error.code).toBe('INVALID_DATA');
  });

  // Only the embedded server counts the documents it looks at.
  it.skipIf(externalMongo)('answers from its index, not by looking at everybody’s calls', async () => {
    for (let n = 0; n < 60; n += 1) {
      const call = ringing({ caller: user(10 + n), callees: [user(100 + n)] });
      const [event] = lifeOf(call);
      if (event) await bus.publish(event);
    }
    const examined = () => server.embedded?.stats().docsExamined ?? Number.NaN;
    const before = examined();
    await page(10);
    expect(examined() - before).toBeLessThanOrEqual(2);
  });

  it('closes what no live store knows any more, and lets a true end that comes late stand', async () => {
    const lost = ringing();
    const alive = ringing();
    const events = lifeOf(lost);
    const [ring, answered, ended] = events;
    const [other] = lifeOf(alive);
    for (const event of [ring, answered, other]) if (event) await bus.publish(event);
    await liveCalls.compareAndSet(alive.id, 0, liveAs(alive), null);
    await clock.advance(2 * 60_000 + 1_000);
    const done = async () =>
      (await mongo.connection.collection('calls').findOne({ _id: lost.id as never }))?.open === false;
    const giveUp = Date.now() + 5_000;
    while (!(await done()) && Date.now() < giveUp) {
      await clock.advance(60_000);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const { calls } = await page(1);
    expect(calls.find(({ id }) => id === lost.id)).toMatchObject({
      phase: 'ended',
      endReason: 'network_error',
      endedAt: answered?.call.answeredAt,
    });
    expect(calls.find(({ id }) => id === alive.id)?.phase).toBe('ringing');
    if (ended) await bus.publish(ended);
    expect((await page(1)).calls.find(({ id }) => id === lost.id)).toEqual(ended?.call);
  });

  it('takes the true end of a call whose events were lost from the live store, once there is nothing left to publish', async () => {
    const [lost, leaving] = [ringing(), ringing()];
    const lives = [lost, leaving].map(lifeOf);
    for (const [ring] of lives) if (ring) await bus.publish(ring);
    const [ended, toCome] = lives.map((events) => events.at(-1));
    if (!ended || !toCome) throw new Error('a life has an end');
    await liveCalls.compareAndSet(lost.id, 0, liveAs(ended.call), null);
    await liveCalls.compareAndSet(leaving.id, 0, liveAs(toCome.call, [toCome]), null);
    const find = async (id: CallId) => (await page(1)).calls.find((call) => call.id === id);
    const giveUp = Date.now() + 20_000;
    for (let rounds = 0; rounds < 4 || (await find(lost.id))?.phase !== 'ended'; rounds += 1) {
      if (Date.now() > giveUp) break;
      await clock.advance(60_000);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(await find(lost.id)).toEqual(ended.call);
    expect((await find(leaving.id))?.phase).toBe('ringing');
    await bus.publish(toCome);
    expect(await find(leaving.id)).toEqual(toCome.call);
  });

  it('is read under /api/v1/calls by its owner', async () => {
    const events = lifeOf(ringing());
    for (const event of events) await bus.publish(event);
    const [route] = callRoutes({
      history,
      ledger: { of: async () => [] },
      rates: createMemoryRateLimits({ clock }),
      reportRate: 'off',
    });
    const actor: Identity = {
      ...user(2),
      email: null,
      role: 'user',
      sessionId: SessionId.parse(randomUUID()),
    };
    expect(route).toMatchObject({ method: 'get', path: '/api/v1/calls', access: 'user' });
    const reply = await route?.handle({ actor, query: { limit: 10 } } as never);
    expect(reply).toEqual({
      status: 200,
      body: {
        calls: [
          {
            ...events[2]?.call,
            direction: 'incoming',
            devices: [
              { userId: '1', ...device },
              { userId: '2', ...device },
            ],
            ringMs: 2_000,
            durationMs: 60_000,
          },
        ],
        more: false,
      },
    });
    expect(route?.replies[200]?.safeParse(reply?.body).success).toBe(true);
  });
});
