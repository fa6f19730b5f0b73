import { randomUUID } from 'node:crypto';
import { type BusEvent, EventId, SessionId, UserId } from '@switchboard/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { createManualClock, type ManualClock } from '../manual-clock.ts';
import { createEvents, type Events } from './events.ts';

const TYPES = ['auth.session.revoked'] as const;

function revoked(): BusEvent {
  return {
    v: 1,
    id: EventId.parse(randomUUID()),
    at: '2026-01-01T00:00:00.000Z',
    type: 'auth.session.revoked',
    userId: UserId.parse('1'),
    sessionId: SessionId.parse(randomUUID()),
  };
}

describe('what the memory bus remembers of events', () => {
  let clock: ManualClock;
  let events: Events;
  beforeEach(() => {
    clock = createManualClock();
    events = createEvents(clock, undefined);
  });

  it('lets go of a body once every durable name has handled it, and still knows the id', async () => {
    const open: (() => void)[] = [];
    let handled = 0;
    await events.consume({ durable: 'quick', types: TYPES }, async () => void handled++);
    await events.consume(
      { durable: 'slow', types: TYPES },
      () => new Promise((resolve) => open.push(resolve)),
    );
    const event = revoked();
    const publishing = events.publish(event);
    await clock.advance(0);
    expect(handled).toBe(1);
    expect(events.unsettledCount).toBe(1);
    open[0]?.();
    await publishing;
    expect(events.unsettledCount).toBe(0);

    await events.publish(event);
    expect([handled, open.length]).toEqual([1, 1]);
    await events.close();
  });

  it('lets go of a dead letter’s body, too', async () => {
    await events.consume({ durable: 'd', types: TYPES, maxDeliver: 1 }, async () => {
      throw new Error('no');
    });
    await events.publish(revoked());
    expect([events.unsettledCount, events.deadLetterCount]).toEqual([0, 1]);
    await events.close();
  });

  it('keeps the body of an event that nobody is left to handle, for who comes later', async () => {
    const first = await events.consume({ durable: 'd', types: TYPES }, async () => undefined);
    await first[Symbol.asyncDispose]();
    const event = revoked();
    await expect(events.publish(event)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(events.unsettledCount).toBe(1);

    const seen: BusEvent[] = [];
    await events.consume({ durable: 'd', types: TYPES }, async (late) => void seen.push(late));
    await events.publish(event);
    expect(seen).toEqual([event]);
    expect(events.unsettledCount).toBe(0);
    await events.close();
  });
});
