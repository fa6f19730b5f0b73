import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startEmbeddedMongo } from '@switchboard/embedded-mongo';
import { externalMongo, startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { incoming, message, newPush, startSendingBench } from '../testing/sending-bench.ts';
import type { Misbehaviour } from '../testing/stand-in.ts';
import { startWebPushStandIn } from '../testing/web-push-stand-in.ts';

const DEVICES = 1_000;
const MESSAGES = 1_000;
/** Put at once: what consumers with so many events in hand do. */
const AT_ONCE = 250;
const MEGABYTE = 1024 * 1024;
/** For both ends of it: the pushes in hand here, and everything that the browsers of the test keep. */
const MAX_GROWTH = 160 * MEGABYTE;
const PATIENCE_MS = 240_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const heap = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};
const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

let database: TestMongo;
beforeAll(async () => {
  database = await startTestMongo();
});
afterAll(() => database?.[Symbol.asyncDispose]());

/** The same sequence for every run: mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Every fifth request goes wrong, in one way or another. */
function flaky(random: () => number): Misbehaviour | undefined {
  const dice = random();
  if (dice < 0.08) return { kind: 'status', status: 500 };
  if (dice < 0.12) return { kind: 'reset' };
  if (dice < 0.15) return { kind: 'lost' };
  if (dice < 0.17) return { kind: 'status', status: 429, headers: { 'retry-after': '1' } };
  return dice < 0.2 ? { kind: 'slow', ms: 100 } : undefined;
}

describe('a thousand messages to a thousand devices through a flaky service', () => {
  it('every device’s last push tells of the last message, in bounded memory', async () => {
    const service = await startWebPushStandIn();
    const bench = await startSendingBench({ mongoUrl: database.database() });
    try {
      const random = seeded(7);
      service.misbehave = () => flaky(random);
      const browsers = range(DEVICES).map(() => service.subscribe(bench.sending.webPushKey));
      const devices = browsers.map(({ subscription }) =>
        bench.devices.add({ kind: 'web-push', ...subscription }),
      );
      const before = heap();
      let grown = 0;
      for (let seq = 1; seq <= MESSAGES; seq += AT_ONCE) {
        await Promise.all(
          range(AT_ONCE).map((n) => {
            const content = message(seq + n - 1);
            return bench.sending.pushes.put(devices.map((device) => newPush(device, content)));
          }),
        );
        grown = Math.max(grown, heap() - before);
      }
      const lastOf = (n: number) => browsers[n]?.got.at(-1)?.payload.data.seq;
      await eventually(() => browsers.every((_, n) => lastOf(n) === MESSAGES), PATIENCE_MS);
      const pushes = bench.mongo.connection.collection('pushes');
      await eventually(
        async () => (await pushes.countDocuments({ dueAt: { $exists: true } })) === 0,
        PATIENCE_MS,
      );
      grown = Math.max(grown, heap() - before);

      expect(grown).toBeLessThan(MAX_GROWTH);
      expect(service.traffic.mostInHand).toBeLessThanOrEqual(16);
      expect(service.complaints).toEqual([]);
      for (const { got } of browsers) {
        const seqs = got.map(({ payload }) => Number(payload.data.seq));
        // Never back to an older one; the same again only under the same key.
        expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
        expect(new Set(got.map(({ payload }) => payload.id)).size).toBe(new Set(seqs).size);
        // Far fewer than were put: they are collapsed.
        expect(got.length).toBeLessThan(MESSAGES / 10);
      }
    } finally {
      await bench[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
    }
  }, 600_000);
});

describe('a service that hangs', () => {
  it('delays neither another one’s pushes nor those who put', async () => {
    const hanging = await startWebPushStandIn();
    const other = await startWebPushStandIn();
    const bench = await startSendingBench({ mongoUrl: database.database() });
    try {
      hanging.misbehave = () => ({ kind: 'hang' });
      const add = (from: typeof hanging) => {
        const browser = from.subscribe(bench.sending.webPushKey);
        return { browser, device: bench.devices.add({ kind: 'web-push', ...browser.subscription }) };
      };
      // More than may be in hand at once.
      const stuck = range(700).map(() => add(hanging).device);
      await bench.sending.pushes.put(stuck.map((device) => newPush(device, message(1))));
      await bench.sending.pushes.put(stuck.slice(0, 50).map((device) => newPush(device, incoming())));
      await eventually(() => hanging.traffic.inHand > 0, PATIENCE_MS);
      const fine = range(20).map(() => add(other));
      await bench.sending.pushes.put(fine.map(({ device }) => newPush(device, message(1))));
      await bench.sending.pushes.put(fine.map(({ device }) => newPush(device, incoming())));
      // All of the stuck ones, one after the other, would take most of an hour.
      await eventually(() => fine.every(({ browser }) => browser.got.length === 2), 60_000);
      expect(hanging.traffic.mostInHand).toBeLessThanOrEqual(4);
    } finally {
      await bench[Symbol.asyncDispose]();
      await hanging[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
    }
  }, 480_000);
});

describe.skipIf(externalMongo)('a database that is away for a while', () => {
  it('is refused puts, and everything goes on when it is back, without a restart and without repeating what was sent', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'switchboard-pushes-'));
    let embedded = await startEmbeddedMongo({ dataDir });
    const service = await startWebPushStandIn();
    const bench = await startSendingBench({ mongoUrl: embedded.url });
    try {
      const browsers = range(8).map(() => service.subscribe(bench.sending.webPushKey));
      const devices = browsers.map(({ subscription }) =>
        bench.devices.add({ kind: 'web-push', ...subscription }),
      );
      const putAll = (seq: number) =>
        bench.sending.pushes.put(devices.map((device) => newPush(device, message(seq))));
      await putAll(1);
      await eventually(() => browsers.every(({ got }) => got.length === 1), PATIENCE_MS);
      // In flight while the database goes: what comes of it waits here until it can be written.
      service.misbehave = () => ({ kind: 'slow', ms: 1_000 });
      await putAll(2);
      await eventually(() => service.traffic.inHand > 0, PATIENCE_MS);
      const port = Number(new URL(embedded.url).port);
      await embedded[Symbol.asyncDispose]();
      await expect(putAll(3)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryable: true });
      embedded = await startEmbeddedMongo({ dataDir, port });
      service.misbehave = () => undefined;
      await eventually(() => putAll(3).then(() => true), PATIENCE_MS);
      await eventually(() => browsers.every(({ got }) => got.at(-1)?.payload.data.seq === 3), PATIENCE_MS);
      for (const { got } of browsers) {
        const ids = got.map(({ payload }) => payload.id);
        expect(ids).toEqual([...new Set(ids)]);
      }
    } finally {
      await bench[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
      await embedded[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    }
  }, 480_000);
});
