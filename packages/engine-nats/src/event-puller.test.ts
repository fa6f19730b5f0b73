import { randomUUID } from 'node:crypto';
import { connect } from '@nats-io/transport-node';
import { partitionOf } from '@switchboard/ports/engine';
import { type BusEvent, EventId, orderingKey, SessionId, UserId } from '@switchboard/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNatsBus, PARTITIONS } from './index.ts';
import { jetstreamManager } from './jetstream.ts';
import { startTestNats, type TestNats } from './testing/test-nats.ts';

const PARTITION = `d-p${partitionOf(orderingKey(revoked()), PARTITIONS)}`;
/** Twice as long as a consumer may be silent before it is asked again. */
const SLOW_MS = 5_000;

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

describe.skipIf(process.env.SWITCHBOARD_MISSING_PROGRAMS)('a consumer', () => {
  let server: TestNats;
  beforeEach(async () => {
    server = await startTestNats();
  });
  afterEach(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  it('is asked for one event at a time, however long the last one took', async () => {
    const bus = await createNatsBus({ url: server.url, name: 'one', replicas: 1 });
    const nats = await connect({ servers: server.url });
    try {
      const { consumers } = await jetstreamManager(nats);
      const waiting = async () => (await consumers.info('AUTH', PARTITION)).num_waiting;
      const events = [revoked(), revoked(), revoked()];
      const done: string[] = [];
      await bus.consume({ durable: 'd', types: ['auth.session.revoked'] }, async ({ id }) => {
        if (id === events[0]?.id) await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
        done.push(id);
      });
      await expect.poll(waiting).toBe(1);
      for (const event of events) await bus.publish(event);
      await expect.poll(() => done, { timeout: 20_000 }).toEqual(events.map(({ id }) => id));
      await expect.poll(waiting).toBe(1);
      expect((await consumers.info('AUTH', PARTITION)).num_redelivered).toBe(0);
    } finally {
      await nats.close();
      await bus.close();
    }
  }, 60_000);
});
