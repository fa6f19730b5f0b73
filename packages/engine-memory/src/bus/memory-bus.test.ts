import { randomUUID } from 'node:crypto';
import { type BusEvent, EventId, ok, SessionId, UserId } from '@switchboard/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock, type ManualClock } from '../manual-clock.ts';
import { MAX_BACKLOG } from './durable.ts';
import { createMemoryBus, type MemoryBus } from './memory-bus.ts';

const TYPES = ['auth.session.revoked'] as const;

function revoked(userId: number): BusEvent {
  return {
    v: 1,
    id: EventId.parse(randomUUID()),
    at: '2026-01-01T00:00:00.000Z',
    type: 'auth.session.revoked',
    userId: UserId.parse(String(userId)),
    sessionId: SessionId.parse(randomUUID()),
  };
}

/** Where a promise stands, as far as anybody can tell from outside. */
function watch(work: Promise<unknown>): { readonly state: string } {
  const seen = { state: 'pending' };
  work.then(
    () => {
      seen.state = 'resolved';
    },
    (error: { code?: string }) => {
      seen.state = error.code ?? 'rejected';
    },
  );
  return seen;
}

describe('memory bus', () => {
  let clock: ManualClock;
  let bus: MemoryBus;
  let lines: string[];

  beforeEach(() => {
    clock = createManualClock();
    lines = [];
    const log = (fields: object, message: string): void => {
      lines.push(JSON.stringify({ ...fields, message }));
    };
    bus = createMemoryBus({ clock, logger: { warn: log, error: log } });
  });
  afterEach(() => bus.close());

  it('resolves a publish when every durable name has handled the event', async () => {
    const open: (() => void)[] = [];
    for (const durable of ['a', 'b']) {
      await bus.consume({ durable, types: TYPES }, () => new Promise<void>((resolve) => open.push(resolve)));
    }
    const publishing = watch(bus.publish(revoked(1)));
    await clock.advance(0);
    expect(open).toHaveLength(2);
    open[0]?.();
    await clock.advance(0);
    expect(publishing.state).toBe('pending');
    open[1]?.();
    await clock.advance(0);
    expect(publishing.state).toBe('resolved');
  });

  it('backs off: 100 ms, 400 ms, 1.6 s, 6.4 s, then a dead letter', async () => {
    const attempts: number[] = [];
    const startedAt = clock.now();
    await bus.consume({ durable: 'd', types: TYPES }, async () => {
      attempts.push(clock.now() - startedAt);
      throw new Error('no');
    });
    const event = revoked(1);
    const publishing = watch(bus.publish(event));
    await clock.advance(8_499);
    expect(attempts).toEqual([0, 100, 500, 2_100]);
    expect(publishing.state).toBe('pending');
    await clock.advance(1);
    expect(attempts).toEqual([0, 100, 500, 2_100, 8_500]);
    expect(publishing.state).toBe('resolved');
    expect(bus.health()).toEqual({ up: true, deadLetters: 1 });
    expect(bus.deadLetters()).toEqual([{ durable: 'd', event, attempts: 5 }]);
    expect(lines.at(-1)).toContain('an event became a dead letter');
  });

  it('knows an event id for two minutes', async () => {
    let handled = 0;
    await bus.consume({ durable: 'd', types: TYPES }, async () => {
      handled++;
    });
    const event = revoked(1);
    await bus.publish(event);
    await clock.advance(119_999);
    await bus.publish(event);
    expect(handled).toBe(1);
    await clock.advance(1);
    await bus.publish(event);
    expect(handled).toBe(2);
  });

  it('tells a publisher at once when nobody of a durable name is left, and keeps the event', async () => {
    const consumer = await bus.consume({ durable: 'd', types: TYPES }, async () => undefined);
    await consumer[Symbol.asyncDispose]();
    const event = revoked(1);
    await expect(bus.publish(event)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryable: true });
    const heard: string[] = [];
    await bus.consume({ durable: 'd', types: TYPES }, async ({ id }) => void heard.push(id));
    await bus.publish(event);
    expect(heard).toEqual([event.id]);
  });

  it('tells waiting publishers when the last instance leaves', async () => {
    const open: (() => void)[] = [];
    const options = { durable: 'd', types: TYPES };
    const consumer = await bus.consume(options, () => new Promise<void>((resolve) => open.push(resolve)));
    const first = watch(bus.publish(revoked(1)));
    const second = watch(bus.publish(revoked(1)));
    await clock.advance(0);
    const leaving = consumer[Symbol.asyncDispose]();
    open[0]?.();
    await leaving;
    await clock.advance(0);
    expect([first.state, second.state]).toEqual(['resolved', 'SERVICE_UNAVAILABLE']);
  });

  it('gives a publisher up after 30 s, the handler still at work', async () => {
    let open: () => void = () => undefined;
    await bus.consume({ durable: 'd', types: TYPES }, () => new Promise<void>((resolve) => (open = resolve)));
    const publishing = watch(bus.publish(revoked(1)));
    await clock.advance(29_999);
    expect(publishing.state).toBe('pending');
    await clock.advance(1);
    expect(publishing.state).toBe('SERVICE_UNAVAILABLE');
    open();
  });

  it('holds the first publisher until what the handler published is handled, too', async () => {
    const [first, follower] = [revoked(1), revoked(1)];
    let open: () => void = () => undefined;
    await bus.consume({ durable: 'd', types: TYPES }, async ({ id }) => {
      if (id === first.id) await bus.publish(follower);
      else await new Promise<void>((resolve) => (open = resolve));
    });
    const publishing = watch(bus.publish(first));
    await clock.advance(0);
    expect(publishing.state).toBe('pending');
    open();
    await clock.advance(0);
    expect(publishing.state).toBe('resolved');
  });

  it('refuses what does not fit into a queue, for all durable names or none', async () => {
    const heard: string[] = [];
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    await bus.consume({ durable: 'stuck', types: TYPES }, () => opened);
    await bus.consume({ durable: 'free', types: TYPES }, async ({ id }) => void heard.push(id));
    const queued = Array.from({ length: MAX_BACKLOG }, () => bus.publish(revoked(1)));
    const refused = revoked(2);
    await expect(bus.publish(refused)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    open();
    await Promise.all(queued);
    expect(heard).toHaveLength(MAX_BACKLOG);
    await bus.publish(refused);
    expect(heard.at(-1)).toBe(refused.id);
  });

  it('refuses an instance that wants other types than its durable name', async () => {
    await bus.consume({ durable: 'd', types: TYPES }, async () => undefined);
    await expect(
      bus.consume({ durable: 'd', types: ['call.ended'] }, async () => undefined),
    ).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('refuses what is no event, without repeating it', async () => {
    const wrong = { ...revoked(1), userId: 'hunter2' } as unknown as BusEvent;
    const error = await bus.publish(wrong).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'INTERNAL', retryable: false });
    expect(String(error)).not.toContain('hunter2');
  });

  it('logs a throwing request handler, never the payload', async () => {
    await bus.serve('auth.users.get', async () => {
      throw new TypeError('broken');
    });
    await bus.request('auth.users.get', { userIds: [UserId.parse('4711')] });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('auth.users.get');
    expect(lines[0]).not.toContain('4711');
  });

  it('times a request by its clock', async () => {
    let open: () => void = () => undefined;
    await bus.serve('auth.users.get', async () => {
      await new Promise<void>((resolve) => (open = resolve));
      return ok({ users: [] });
    });
    const asking = watch(bus.request('auth.users.get', { userIds: [] }));
    await clock.advance(4_999);
    expect(asking.state).toBe('pending');
    await clock.advance(1);
    expect(asking.state).toBe('SERVICE_UNAVAILABLE');
    open();
  });
});
