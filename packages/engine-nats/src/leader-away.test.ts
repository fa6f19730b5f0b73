import { randomUUID } from 'node:crypto';
import { connect } from '@nats-io/transport-node';
import type { Bus } from '@switchboard/ports';
import { partitionOf } from '@switchboard/ports/engine';
import { type BusEvent, EventId, orderingKey, SessionId, UserId } from '@switchboard/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNatsBus, PARTITIONS } from './index.ts';
import { jetstreamManager } from './jetstream.ts';
import { startTestNatsCluster, type TestNatsCluster } from './testing/test-nats-cluster.ts';

/** From a new leader on: what a consumer is silent for before it is asked again, and then some for a slow machine. */
const GOES_ON_WITHIN_MS = 8_000;
/** From a new leader on: what waits to be said again, and then some. */
const PUBLISHED_WITHIN_MS = 2_500;
const NOT_GIVEN_UP_MS = 4_000;
const ELECTED_WITHIN_MS = 60_000;

function revoked(): BusEvent {
  return {
    v: 1,
    id: EventId.parse(randomUUID()),
    at: new Date().toISOString(),
    type: 'auth.session.revoked',
    userId: UserId.parse('1'),
    sessionId: SessionId.parse(randomUUID()),
  };
}

const DURABLE = `d-p${partitionOf(orderingKey(revoked()), PARTITIONS)}`;

async function until(condition: () => boolean | Promise<boolean>, ms: number, what: string): Promise<void> {
  for (const deadline = performance.now() + ms; !(await condition()); ) {
    if (performance.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.skipIf(process.env.SWITCHBOARD_MISSING_PROGRAMS)('a consumer', () => {
  let cluster: TestNatsCluster;
  let bus: Bus;
  const heard = new Set<string>();
  const published = async (): Promise<string> => {
    const event = revoked();
    await until(
      () =>
        bus.publish(event).then(
          () => true,
          () => false,
        ),
      ELECTED_WITHIN_MS,
      'the stream takes an event',
    );
    return event.id;
  };
  beforeEach(async () => {
    cluster = await startTestNatsCluster();
    bus = await createNatsBus({ url: cluster.url, name: 'one', replicas: 3 });
    await bus.consume(
      { durable: 'd', types: ['auth.session.revoked'] },
      async ({ id }) => void heard.add(id),
    );
    const first = await published();
    await until(() => heard.has(first), ELECTED_WITHIN_MS, 'it worked before');
  }, 120_000);
  afterEach(async () => {
    await bus?.close();
    await cluster?.[Symbol.asyncDispose]();
  });

  it('whose leader was killed goes on as soon as there is another', async () => {
    const nats = await connect({ servers: cluster.url.split(','), maxReconnectAttempts: -1 });
    try {
      const manager = await jetstreamManager(nats, { timeout: 1_000 });
      const leader = async () =>
        (await manager.consumers.info('AUTH', DURABLE).catch(() => undefined))?.cluster?.leader ?? '';
      const killed = await leader();
      expect(killed).toMatch(/^nats-\d$/);
      await cluster.kill(killed);
      await until(async () => !['', killed].includes(await leader()), ELECTED_WITHIN_MS, 'another leads');
      const event = await published();
      await until(() => heard.has(event), GOES_ON_WITHIN_MS, 'the event came');
    } finally {
      await nats.close();
    }
  }, 180_000);

  it('that somebody deleted is made anew', async () => {
    const nats = await connect({ servers: cluster.url.split(',') });
    try {
      const manager = await jetstreamManager(nats);
      await manager.consumers.delete('AUTH', DURABLE);
      const event = await published();
      await until(() => heard.has(event), ELECTED_WITHIN_MS, 'the event came');
    } finally {
      await nats.close();
    }
  }, 180_000);

  it('hears what was published while its stream had no leader, soon after it has one', async () => {
    const servers = cluster.url.split(',');
    const nats = await connect({ servers, maxReconnectAttempts: -1 });
    const manager = await jetstreamManager(nats, { timeout: 500 });
    const leader = async () =>
      (await manager.streams.info('AUTH').catch(() => undefined))?.cluster?.leader ?? '';
    const killed = await leader();
    expect(killed).toMatch(/^nats-\d$/);
    // By a server that stays.
    const url = servers.filter((_, at) => killed !== `nats-${at + 1}`).join(',');
    const publisher = await createNatsBus({ url, name: 'two', replicas: 3 });
    try {
      let led = Number.POSITIVE_INFINITY;
      const publishes: { readonly at: number; readonly late: Promise<number> }[] = [];
      await cluster.kill(killed);
      await until(
        async () => {
          const late = publisher.publish(revoked()).then(
            () => performance.now() - led,
            () => Number.POSITIVE_INFINITY,
          );
          publishes.push({ at: performance.now(), late });
          return !['', killed].includes(await leader());
        },
        ELECTED_WITHIN_MS,
        'another leads',
      );
      led = performance.now();
      // What is older may have been given up, and left to whoever sweeps.
      const young = publishes.filter(({ at }) => led - at < NOT_GIVEN_UP_MS).map(({ late }) => late);
      expect(Math.max(...(await Promise.all(young)))).toBeLessThan(PUBLISHED_WITHIN_MS);
    } finally {
      await publisher.close();
      await nats.close();
    }
  }, 180_000);
});
