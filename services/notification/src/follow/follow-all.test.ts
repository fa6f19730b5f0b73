import { randomUUID } from 'node:crypto';
import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import { createManualClock } from '@switchboard/engine-memory';
import type { Bus, ConsumerOptions } from '@switchboard/ports';
import { BusEvent, SessionId, SwitchboardError, UserId, unavailable } from '@switchboard/protocol';
import { type EventFollower, newEvent, systemClock } from '@switchboard/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { webhookModel } from '../store/webhook-model.ts';
import { eventually } from '../testing/eventually.ts';
import { expoToken } from '../testing/push-subscription.ts';
import { startTestNotification } from '../testing/start-test-notification.ts';
import { followAll } from './follow-all.ts';

const revoked = () =>
  newEvent(
    {
      type: 'auth.session.revoked',
      userId: UserId.parse('7'),
      sessionId: SessionId.parse(randomUUID()),
    },
    systemClock,
  );

/** What the bus is asked for, and what it hears of an event. */
async function following(...followers: readonly EventFollower[]) {
  let asked: ConsumerOptions | undefined;
  let heard: (event: BusEvent) => Promise<void> = async () => undefined;
  const consume: Bus['consume'] = async (options, handler) => {
    asked = options;
    heard = handler;
    return { [Symbol.asyncDispose]: async () => undefined };
  };
  await followAll({ consume }, followers);
  return { asked, hear: (event: BusEvent) => heard(event) };
}

function follower(act: () => Promise<void>, types: EventFollower['types'] = ['auth.session.revoked']) {
  const seen: string[] = [];
  const handle = async ({ type }: BusEvent): Promise<void> => {
    seen.push(type);
    await act();
  };
  return { types, seen, handle };
}

const done = async () => undefined;
const named = (name: string) => Object.assign(new Error('driver'), { name });

describe('followers of one event', () => {
  it('share a name, see their own types alone, and have their part done though another fails', async () => {
    const failing = follower(() => Promise.reject(new Error('no')));
    const fine = follower(done);
    const other = follower(done, ['call.ended']);
    const { asked, hear } = await following(failing, fine, other);
    expect(asked).toEqual({
      durable: 'notification',
      maxDeliver: 20,
      types: ['auth.session.revoked', 'call.ended'],
    });
    await expect(hear(revoked())).rejects.toThrow();
    expect([failing.seen, fine.seen, other.seen]).toEqual([
      ['auth.session.revoked'],
      ['auth.session.revoked'],
      [],
    ]);
  });

  it('wait while the database is away, whoever it is that cannot reach it', async () => {
    const away = follower(() => Promise.reject(named('MongoServerSelectionError')));
    const { hear } = await following(away, follower(done));
    await expect(hear(revoked())).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryable: true });
  });

  it('wait for what one waits for, whatever befell another', async () => {
    const waiting = unavailable('auth');
    const broken = follower(() => Promise.reject(new TypeError('a defect')));
    const away = follower(() => Promise.reject(waiting));
    for (const both of [
      [broken, away],
      [away, broken],
    ]) {
      const { hear } = await following(...both);
      await expect(hear(revoked())).rejects.toBe(waiting);
    }
  });

  it('use up an attempt by a defect of their own', async () => {
    const { hear } = await following(follower(() => Promise.reject(new TypeError('a defect'))));
    const failure = await hear(revoked()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SwitchboardError);
    expect(failure).toMatchObject({ code: 'INTERNAL', retryable: false });
  });
});

describe('the service', () => {
  let database: TestMongo;
  beforeAll(async () => {
    database = await startTestMongo();
  });
  afterAll(() => database?.[Symbol.asyncDispose]());

  it('asks for one durable name for every type, once all else is ready, and lets go of it first', async () => {
    const opened: string[] = [];
    const closed: string[] = [];
    const asked: ConsumerOptions[] = [];
    const noted = async (what: string, opening: Promise<AsyncDisposable>): Promise<AsyncDisposable> => {
      const part = await opening;
      opened.push(what);
      return {
        async [Symbol.asyncDispose]() {
          closed.push(what);
          await part[Symbol.asyncDispose]();
        },
      };
    };
    const through = (bus: Bus): Bus => ({
      ...bus,
      serve: (name, handler) => noted(name, bus.serve(name, handler)),
      listen: (handler, node) => noted('listen', bus.listen(handler, node)),
      consume(options, handler) {
        asked.push(options);
        return noted('consume', bus.consume(options, handler));
      },
    });
    const server = await startTestNotification({ mongoUrl: database.database(), through });
    await server[Symbol.asyncDispose]();

    expect(asked.map(({ durable, maxDeliver }) => ({ durable, maxDeliver }))).toEqual([
      { durable: 'notification', maxDeliver: 20 },
    ]);
    const every = BusEvent.options.map(({ shape }) => shape.type.value);
    expect(new Set(asked[0]?.types)).toEqual(new Set(every));
    expect(opened.length).toBeGreaterThan(1);
    expect(opened.at(-1)).toBe('consume');
    expect(closed[0]).toBe('consume');
    expect(closed.toSorted()).toEqual(opened.toSorted());
  });

  it('notes for a webhook at the first attempt what its devices must wait with', async () => {
    const clock = createManualClock(Date.now());
    await using server = await startTestNotification({ mongoUrl: database.database(), clock });
    const phone = server.accounts.signIn(1);
    const device = { kind: 'expo', token: expoToken() };
    expect((await server.ask('POST', '/api/v1/devices', phone, device)).status).toBe(201);
    const { connection } = server.mongo;
    const at = new Date(clock.now());
    await webhookModel(connection).create({
      _id: randomUUID(),
      // Nobody listens there: what is noted for it stays.
      url: 'http://127.0.0.1:9/',
      events: ['auth.session.revoked'],
      messageText: false,
      enabled: true,
      secrets: [{ secret: 'whsec_c2VjcmV0' }],
      createdAt: at,
      updatedAt: at,
      history: [],
    });
    await clock.advance(1_000);

    server.accounts.lapse(phone);
    server.accounts.fault = unavailable('auth');
    const asked = server.accounts.checks;
    const told = server.accounts.tellAllEnded(phone.id);
    const deliveries = connection.collection('webhook_deliveries');
    // The clock stands: the event is not tried again.
    await eventually(async () => (await deliveries.countDocuments({})) === 1);
    await eventually(() => server.accounts.checks > asked);
    expect(await server.devices.ofUser(phone.id)).toHaveLength(1);

    server.accounts.fault = undefined;
    await eventually(async () => {
      await clock.advance(100);
      return (await server.devices.ofUser(phone.id)).length === 0;
    });
    await told;
    expect(await deliveries.countDocuments({})).toBe(1);
  });
});
