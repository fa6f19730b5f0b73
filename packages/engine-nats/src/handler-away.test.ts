import { randomUUID } from 'node:crypto';
import { type BusEvent, EventId, SessionId, UserId, unavailable } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import { createNatsBus } from './index.ts';
import { startTestNats } from './testing/test-nats.ts';

const TYPES = ['auth.session.revoked'] as const;

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

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within twenty seconds: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.skipIf(process.env.SWITCHBOARD_MISSING_PROGRAMS)('a handler that needs what is away', () => {
  it('gets the event again until it is back, in order, and a fault of its own still counts', async () => {
    await using server = await startTestNats();
    const bus = await createNatsBus({ url: server.url, name: 'one', replicas: 1 });
    try {
      const [first, second, poison] = [revoked(), revoked(), revoked()];
      const attempts = new Map<string, number>();
      const handled: string[] = [];
      await bus.consume({ durable: 'd', types: TYPES, maxDeliver: 2 }, async ({ id }) => {
        const attempt = (attempts.get(id) ?? 0) + 1;
        attempts.set(id, attempt);
        if (id === first.id && attempt <= 4) throw unavailable('Redis');
        // Away once, then really wrong: two attempts of its own, and it is set aside.
        if (id === poison.id) throw attempt === 1 ? unavailable('Redis') : new Error('never');
        handled.push(id);
      });
      for (const event of [first, second, poison]) await bus.publish(event);
      await until(() => handled.length === 2, 'both were handled');
      expect(handled).toEqual([first.id, second.id]);
      await until(() => bus.health().deadLetters === 1, 'the poison was set aside');
      expect(attempts.get(poison.id)).toBe(3);
      expect(attempts.get(first.id)).toBe(5);
    } finally {
      await bus.close();
    }
  });
});
