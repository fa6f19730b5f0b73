import { createManualClock } from '@switchboard/engine-memory';
import { BusEvent, UserId } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';
import { newEvent } from './new-event.ts';
import { systemClock } from './system-clock.ts';
import { uuidv7 } from './uuid-v7.ts';

describe('uuidv7', () => {
  it('is a version 7 UUID that sorts by time', () => {
    const ids = [1, 2 ** 20, Date.now(), 2 ** 47].map((at) => uuidv7(at));
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect([...ids].sort()).toEqual(ids);
    expect(Number.parseInt((ids[3] ?? '').replaceAll('-', '').slice(0, 12), 16)).toBe(2 ** 47);
  });

  it('does not repeat itself', () => {
    expect(new Set(Array.from({ length: 10_000 }, () => uuidv7(0))).size).toBe(10_000);
  });
});

describe('newEvent', () => {
  it('makes a valid event of a fact', () => {
    const clock = createManualClock(Date.UTC(2026, 1, 3));
    const event = newEvent({ type: 'auth.session.revoked', userId: UserId.parse('7') }, clock);
    expect(BusEvent.parse(event)).toEqual(event);
    expect(event).toMatchObject({ v: 1, at: '2026-02-03T00:00:00.000Z', userId: '7' });
  });
});

describe('systemClock', () => {
  it('calls back, not before its time', async () => {
    const startedAt = systemClock.now();
    await new Promise<void>((resolve) => {
      systemClock.after(20, resolve);
      // The clock's timers hold no process; something must, meanwhile.
      setTimeout(resolve, 5_000).unref();
    });
    expect(systemClock.now() - startedAt).toBeGreaterThanOrEqual(19);
  });

  it('does not call back early when the time is further away than Node can count', async () => {
    let called = false;
    const alarm = systemClock.after(40 * 24 * 3_600_000, () => {
      called = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    alarm[Symbol.dispose]();
    expect(called).toBe(false);
  });
});

describe('metrics', () => {
  it('counts in its own registry, labelled by service', async () => {
    const [one, two] = [createMetrics({ service: 'one' }), createMetrics({ service: 'two' })];
    one.counter('calls_total', 'Calls', ['kind']).inc({ kind: 'video' }, 2);
    one.counter('calls_total', 'Calls', ['kind']).inc({ kind: 'video' });
    two.gauge('sockets', 'Open sockets').set(5);
    one.http({ method: 'GET', route: '/users/:id', status: 200, seconds: 0.01 });
    const { contentType, text } = await one.expose();
    expect(contentType).toContain('text/plain');
    expect(text).toContain('calls_total{kind="video",service="one"} 3');
    expect(text).toContain('route="/users/:id"');
    expect(text).toContain('process_cpu_seconds_total');
    expect(text).not.toContain('sockets{');
  });

  it('refuses one name for two kinds', () => {
    const metrics = createMetrics({ service: 'one' });
    metrics.counter('x_total', 'X');
    expect(() => metrics.gauge('x_total', 'X')).toThrow('another kind');
  });
});

describe('an observed gauge', () => {
  it('is read each time the metrics are', async () => {
    const metrics = createMetrics({ service: 'test' });
    let value = 1;
    metrics.observed('things', 'How many there are', () => value);
    expect((await metrics.expose()).text).toContain('things{service="test"} 1');
    value = 2;
    expect((await metrics.expose()).text).toContain('things{service="test"} 2');
  });
});
