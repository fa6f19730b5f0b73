import { randomUUID } from 'node:crypto';
import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import {
  createManualClock,
  createMemoryBus,
  createMemoryLiveCalls,
  type ManualClock,
  type MemoryBus,
} from '@switchboard/engine-memory';
import type { Bus, ConsumerOptions } from '@switchboard/ports';
import { type Call, CallId, DeviceId, UserId, unavailable } from '@switchboard/protocol';
import {
  connectMongo,
  createLogger,
  createOwner,
  type MongoHandle,
  newEvent,
  type Owner,
} from '@switchboard/service-kit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LiveCall } from '../calls/live-call.ts';
import { type CallRecords, keepRecords } from './keep-records.ts';

const logger = createLogger({ level: 'silent', service: 'test', nodeId: 'test' });
const device = { deviceId: DeviceId.parse(randomUUID()), dialect: 'native' } as const;

let server: TestMongo;
let mongo: MongoHandle;
let clock: ManualClock;
let bus: MemoryBus;
let owner: Owner;
/** What was done, in its order. */
let done: string[];
let asked: ConsumerOptions[];
/** Whether the store of live calls, which the ledger asks and the history does not, is away. */
let liveAway: boolean;

beforeAll(async () => {
  server = await startTestMongo();
});
afterAll(() => server?.[Symbol.asyncDispose]());
beforeEach(async () => {
  clock = createManualClock();
  bus = createMemoryBus({ clock });
  owner = createOwner();
  mongo = await connectMongo(server.database(), { logger, appName: 'test' });
  [done, asked, liveAway] = [[], [], false];
});
afterEach(async () => {
  await owner[Symbol.asyncDispose]();
  await mongo[Symbol.asyncDispose]();
  await bus.close();
});

function keep(): Promise<CallRecords> {
  const observed: Bus = {
    ...bus,
    async consume(options, handler) {
      asked.push(options);
      done.push('consumes');
      const consumer = await bus.consume(options, handler);
      return {
        async [Symbol.asyncDispose]() {
          await consumer[Symbol.asyncDispose]();
          done.push('consumes no more');
        },
      };
    },
  };
  const liveCalls = createMemoryLiveCalls<LiveCall>();
  return keepRecords(
    {
      bus: observed,
      mongo: {
        connection: mongo.connection,
        async ensureIndexes(models) {
          await mongo.ensureIndexes(models);
          done.push('indexed');
        },
      },
      clock: {
        ...clock,
        after(ms, callback) {
          const timer = clock.after(ms, callback);
          return {
            [Symbol.dispose]() {
              timer[Symbol.dispose]();
              done.push('looks for lost ends no more');
            },
          };
        },
      },
      logger,
      liveCalls: {
        ...liveCalls,
        get: (callId) => (liveAway ? Promise.reject(unavailable('The store')) : liveCalls.get(callId)),
      },
      keepMs: 60_000,
    },
    owner,
  );
}

const user = (id: number) => {
  const userId = UserId.parse(String(id));
  return { id: userId, username: `user${id}`, name: `User ${id}` };
};

function ringing() {
  const call: Call = {
    id: CallId.parse(randomUUID()),
    kind: 'video',
    media: 'p2p',
    phase: 'ringing',
    caller: user(1),
    callerDevice: device,
    callees: [user(2)],
    createdAt: new Date(clock.now()).toISOString(),
  };
  return newEvent({ type: 'call.ringing', call, reachable: [] }, clock);
}

describe('the records of calls', () => {
  it('are written by one consumer, from when both are there until it is closed', async () => {
    await keep();
    expect(done).toEqual(['indexed', 'indexed', 'consumes']);
    expect(asked).toMatchObject([{ durable: 'call-records', maxDeliver: 20 }]);
    await owner[Symbol.asyncDispose]();
    expect(done.slice(3)).toEqual(['consumes no more', 'looks for lost ends no more']);
  });

  it('are both written of one event', async () => {
    const { history, ledger } = await keep();
    const event = ringing();
    await bus.publish(event);
    expect(await history.find(event.call.id)).toEqual(event.call);
    expect(await ledger.of(event.call.id)).toMatchObject([{ userId: '2', unreached: 'unavailable' }]);
  });

  it('have a call in the history though its ring cannot be noted yet, and that once it can', async () => {
    const { history, ledger } = await keep();
    liveAway = true;
    const event = ringing();
    const publishing = bus.publish(event);
    const found = () => history.find(event.call.id);
    await expect.poll(found, { timeout: 20_000 }).toEqual(event.call);
    expect(await ledger.of(event.call.id)).toEqual([]);
    liveAway = false;
    await clock.advance(10_000);
    await publishing;
    expect(await ledger.of(event.call.id)).toHaveLength(1);
    expect(bus.health().deadLetters).toBe(0);
  });
});
