import { randomUUID } from 'node:crypto';
import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import {
  createManualClock,
  createMemoryBus,
  type ManualClock,
  type MemoryBus,
} from '@switchboard/engine-memory';
import { type BusEvent, SessionId, SwitchboardError, UserId, unavailable } from '@switchboard/protocol';
import { type Connection, type Model, Schema } from 'mongoose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../logger.ts';
import { newEvent } from '../new-event.ts';
import { connectMongo, type MongoHandle } from './connect-mongo.ts';
import { duplicateKey } from './duplicate-key.ts';
import { mongoFault } from './mongo-fault.ts';
import { nextSequence } from './next-sequence.ts';
import { createOutbox, type Outbox, outboxField, outboxIndex } from './outbox.ts';

interface Account {
  _id: string;
  name: string;
  email?: string;
  readonly outbox: readonly BusEvent[];
}

const lines: string[] = [];
const logger = createLogger({
  level: 'warn',
  service: 'test',
  nodeId: 'n',
  destination: { write: (line) => void lines.push(line) },
});
let server: TestMongo;
let mongo: MongoHandle;
let accounts: Model<Account>;

beforeAll(async () => {
  server = await startTestMongo();
  mongo = await connectMongo(server.url, { logger, appName: 'kit-test' });
  const schema = new Schema<Account>({ _id: String, name: String, email: String, outbox: outboxField });
  schema.index({ name: 1 }, { unique: true });
  schema.index(...outboxIndex);
  accounts = mongo.connection.model<Account>('Account', schema);
  await mongo.ensureIndexes();
});
afterAll(async () => {
  await mongo?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  lines.length = 0;
  await accounts.deleteMany({});
});

describe('connection', () => {
  it('is healthy, and has the indexes that were asked for', async () => {
    await mongo.check.check();
    const indexes = await accounts.collection.indexes();
    expect(indexes.map(({ name }) => String(name)).sort()).toEqual(['_id_', 'name_1', 'outbox_at']);
  });

  it('fails as retryable when no server answers', async () => {
    const startedAt = performance.now();
    const attempt = connectMongo('mongodb://127.0.0.1:1/x', { logger, appName: 'kit-test' });
    await expect(attempt).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryable: true });
    expect(performance.now() - startedAt).toBeLessThan(6_000);
  });
});

describe('errors', () => {
  it('tell which unique index was hit, for one write and for many', async () => {
    await accounts.create({ _id: 'a', name: 'alice' });
    const expected = { index: 'name_1', keyPattern: { name: 1 }, keyValue: { name: 'alice' } };
    const single = await accounts.create({ _id: 'b', name: 'alice' }).catch((error: unknown) => error);
    expect(duplicateKey(single)).toEqual(expected);
    const many = await accounts
      .insertMany([
        { _id: 'c', name: 'carol' },
        { _id: 'd', name: 'alice' },
      ])
      .catch((error: unknown) => error);
    expect(duplicateKey(many)).toEqual({ ...expected, keyValue: {} });
    const bulk = await accounts.collection
      .bulkWrite([{ insertOne: { document: { _id: 'e', name: 'alice' } as never } }], { ordered: false })
      .catch((error: unknown) => error);
    expect(duplicateKey(bulk)).toEqual({ ...expected, keyValue: {} });
    expect(mongoFault(single)).toMatchObject({ code: 'INTERNAL', retryable: false });
  });

  it('name the index, whatever a client put into the values', () => {
    const message =
      'E11000 duplicate key error collection: db.messages index: from_1_key.id_-1 dup key: { from: " index: x_1 dup key: " }';
    expect(duplicateKey(Object.assign(new Error(message), { code: 11000 }))).toEqual({
      index: 'from_1_key.id_-1',
      keyPattern: { from: 1, 'key.id': -1 },
      keyValue: {},
    });
    const named = message.replace('from_1_key.id_-1', 'message_seq');
    expect(duplicateKey(Object.assign(new Error(named), { code: 11000 }))).toMatchObject({
      index: 'message_seq',
      keyPattern: {},
    });
  });

  it('are no duplicates otherwise', () => {
    for (const error of [undefined, null, 'x', new Error('x'), { code: 11000 }])
      expect(duplicateKey(error)).toBeUndefined();
  });

  const named = (name: string, more: object = {}) =>
    Object.assign(new Error('secret detail'), { name }, more);
  it.each([
    [named('MongoNetworkError'), true],
    [named('MongoServerSelectionError'), true],
    [named('MongooseServerSelectionError'), true],
    [named('MongoServerError', { code: 10107 }), true],
    [named('MongoServerError', { code: 91 }), true],
    [named('MongoServerError', { code: 50 }), true],
    [named('MongoWriteConcernError', { code: 64 }), true],
    [named('Error', { cause: named('MongoNetworkTimeoutError') }), true],
    [named('MongoServerError', { code: 2 }), false],
    [new TypeError('x'), false],
    ['text', false],
  ])('%s: retryable %s', (error, retryable) => {
    const fault = mongoFault(error);
    expect(fault.retryable).toBe(retryable);
    expect(fault.code).toBe(retryable ? 'SERVICE_UNAVAILABLE' : 'INTERNAL');
    expect(fault.cause).toBe(error);
    expect(JSON.stringify(fault.rejection)).not.toContain('secret detail');
  });

  it('of ours stay as they are', () => {
    const ours = new SwitchboardError({ code: 'CONFLICT', message: 'taken' });
    expect(mongoFault(ours)).toBe(ours);
  });
});

describe('sequence', () => {
  it('gives each number once, from 1, to racers too', async () => {
    const name = randomUUID();
    const numbers = await Promise.all(Array.from({ length: 40 }, () => nextSequence(mongo.connection, name)));
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
    expect(await nextSequence(mongo.connection, randomUUID())).toBe(1);
  });

  it('tries again when another first taker has inserted the counter', async () => {
    const duplicate = Object.assign(
      new Error('E11000 duplicate key error collection: db.counters index: _id_ dup key: {}'),
      {
        code: 11000,
      },
    );
    const outcomes: (() => Promise<unknown>)[] = [
      () => Promise.reject(duplicate),
      async () => ({ _id: 'x', value: 2 }),
    ];
    const racing = {
      collection: () => ({ findOneAndUpdate: () => outcomes.shift()?.() }),
    } as unknown as Connection;
    expect(await nextSequence(racing, 'x')).toBe(2);
    const broken = { collection: () => ({ findOneAndUpdate: () => Promise.reject(new TypeError('x')) }) };
    await expect(nextSequence(broken as unknown as Connection, 'x')).rejects.toThrow(TypeError);
  });
});

describe('outbox', () => {
  const GRACE = 2_000;
  let clock: ManualClock;
  let bus: MemoryBus;
  let outbox: Outbox;
  let heard: string[];
  let failing: (event: BusEvent) => Error | undefined;

  beforeEach(async () => {
    clock = createManualClock();
    bus = createMemoryBus({ clock });
    heard = [];
    await bus.consume(
      { durable: 'd', types: ['auth.session.revoked'] },
      async ({ id }) => void heard.push(id),
    );
    failing = () => undefined;
    outbox = start();
  });
  afterEach(async () => {
    await outbox[Symbol.asyncDispose]();
    await bus.close();
  });

  /** One instance of a service; its own bus connection can be made to fail. */
  function start(): Outbox {
    const publish = async (event: BusEvent): Promise<void> => {
      const error = failing(event);
      if (error) throw error;
      await bus.publish(event);
    };
    return createOutbox({
      model: accounts,
      bus: { ...bus, publish },
      logger,
      clock,
      sweepMs: 5_000,
      graceMs: GRACE,
    });
  }
  const fact = () =>
    newEvent(
      { type: 'auth.session.revoked', userId: UserId.parse('7'), sessionId: SessionId.parse(randomUUID()) },
      clock,
    );
  const store = async (events: BusEvent[], _id: string = randomUUID()): Promise<string> => {
    await accounts.create({ _id, name: _id, outbox: events });
    return _id;
  };
  const left = async (id: string): Promise<string[]> =>
    ((await accounts.findById(id).lean())?.outbox ?? []).map((event) => event.id);
  const ids = (events: BusEvent[]): string[] => events.map(({ id }) => id);

  it('publishes in order and takes out what is published', async () => {
    const events = [fact(), fact(), fact()];
    const id = await store(events);
    await outbox.flush(id, events);
    expect(heard).toEqual(ids(events));
    expect(await left(id)).toEqual([]);
    expect(await outbox.sweep()).toBe(0);
  });

  it('takes out nothing else than what was flushed', async () => {
    const [first, second] = [fact(), fact()];
    const id = await store([first, second]);
    await outbox.flush(id, [first]);
    expect(await left(id)).toEqual([second.id]);
  });

  it('keeps what cannot be published, and what follows it, for the sweep', async () => {
    const events = [fact(), fact(), fact()];
    const id = await store(events);
    failing = (event) => (event.id === events[1]?.id ? unavailable('the bus') : undefined);
    await outbox.flush(id, events);
    expect(heard).toEqual(ids(events.slice(0, 1)));
    expect(await left(id)).toEqual(ids(events.slice(1)));
    expect(lines.join()).toContain('publishing is left to the sweep');
    failing = () => undefined;
    expect(await outbox.sweep()).toBe(0);
    await clock.advance(GRACE);
    await outbox.sweep();
    expect(heard).toEqual(ids(events));
    expect(await left(id)).toEqual([]);
  });

  it('lets no later flush of a document overtake what is left over', async () => {
    const [early, late, after] = [fact(), fact(), fact()];
    const id = await store([early]);
    failing = () => unavailable('the bus');
    await outbox.flush(id, [early]);
    failing = () => undefined;
    await accounts.updateOne({ _id: id }, { $push: { outbox: late } });
    await outbox.flush(id, [late]);
    expect(heard).toEqual([]);
    await clock.advance(GRACE);
    await outbox.sweep();
    expect(heard).toEqual([early.id, late.id]);
    await accounts.updateOne({ _id: id }, { $push: { outbox: after } });
    await outbox.flush(id, [after]);
    expect(heard.at(-1)).toBe(after.id);
    expect(await left(id)).toEqual([]);
  });

  it('finds what a crash left between persist and publish', async () => {
    const events = [fact(), fact()];
    const id = await store(events);
    await outbox[Symbol.asyncDispose]();
    outbox = start();
    await clock.advance(GRACE - 1);
    expect(await left(id)).toEqual(ids(events));
    // By itself, without anybody calling it.
    await clock.advance(1);
    const deadline = Date.now() + 10_000;
    while ((await left(id)).length > 0 && Date.now() < deadline)
      await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual(ids(events));
    expect(await left(id)).toEqual([]);
  });

  it('publishes once what a crash left between publish and take-out', async () => {
    const event = fact();
    const id = await store([event]);
    await bus.publish(event);
    await clock.advance(GRACE);
    await outbox.sweep();
    expect(heard).toEqual([event.id]);
    expect(await left(id)).toEqual([]);
  });

  it('publishes once what two instances sweep', async () => {
    const other = start();
    const events = [fact(), fact(), fact(), fact()];
    const documents = await Promise.all(events.map((event) => store([event])));
    await clock.advance(GRACE);
    await Promise.all([outbox.sweep(), other.sweep()]);
    expect([...heard].sort()).toEqual(ids(events).sort());
    for (const id of documents) expect(await left(id)).toEqual([]);
    await other[Symbol.asyncDispose]();
  });

  it('goes through more than one batch, and stops while the bus is away', async () => {
    const events = Array.from({ length: 250 }, fact);
    await accounts.insertMany(events.map((event) => ({ _id: event.id, name: event.id, outbox: [event] })));
    let attempts = 0;
    failing = () => {
      attempts++;
      return unavailable('the bus');
    };
    clock = Object.assign(clock, { now: () => Date.parse(events[0]?.at ?? '') + GRACE });
    expect(await outbox.sweep()).toBe(0);
    expect(attempts).toBe(1);
    failing = () => undefined;
    expect(await outbox.sweep()).toBe(250);
    expect([...heard].sort()).toEqual(ids(events).sort());
    expect(await accounts.countDocuments({ 'outbox.at': { $exists: true } })).toBe(0);
  });

  it('lets what can never be published hold up its own document only', async () => {
    const [poison, good] = [fact(), fact()];
    const bad = await store([poison]);
    await store([good]);
    failing = (event) =>
      event.id === poison.id ? new SwitchboardError({ code: 'INTERNAL', message: 'x' }) : undefined;
    await clock.advance(GRACE);
    await outbox.sweep();
    expect(heard).toEqual([good.id]);
    expect(await left(bad)).toEqual([poison.id]);
    expect(lines.join()).toContain('an event cannot be published');
  });

  it('waits for flushes in hand when it is disposed', async () => {
    const event = fact();
    const id = await store([event]);
    const flushing = outbox.flush(id, [event]);
    await outbox[Symbol.asyncDispose]();
    expect(await left(id)).toEqual([]);
    await flushing;
  });
});
