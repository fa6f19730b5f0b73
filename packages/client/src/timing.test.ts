import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { deadline, pauseMs, sleep, unlessAborted } from './timing.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('pauses', () => {
  it('are at random below a bound that doubles up to the greatest, on top of what the server asks', () => {
    for (const [attempt, bound] of [
      [0, 100],
      [1, 200],
      [3, 800],
      [4, 1_000],
      [99, 1_000],
    ] as const) {
      const pauses = Array.from({ length: 200 }, () => pauseMs(attempt, { baseMs: 100, maxMs: 1_000 }, 50));
      expect(Math.min(...pauses)).toBeGreaterThanOrEqual(50);
      expect(Math.max(...pauses)).toBeLessThanOrEqual(50 + bound);
      expect(Math.max(...pauses)).toBeGreaterThan(50 + bound / 2);
    }
  });
});

describe('waiting', () => {
  it('ends with the signal, whose own error is kept', async () => {
    const control = new AbortController();
    const limit = deadline(1_000, 'something', control.signal);
    const sleeping = sleep(60_000, limit.signal);
    sleeping.catch(() => {});
    await vi.advanceTimersByTimeAsync(1_000);
    await expect(sleeping).rejects.toMatchObject({ code: 'TIMEOUT' });

    const second = deadline(1_000, 'something', control.signal);
    const working = unlessAborted(new Promise(() => {}), second.signal);
    working.catch(() => {});
    control.abort(new Error('the caller’s'));
    await expect(working).rejects.toMatchObject({ code: 'ABORTED', cause: new Error('the caller’s') });
    expect(deadline(Number.POSITIVE_INFINITY, 'x', control.signal).signal.aborted).toBe(true);
  });

  it('leaves no timer behind when it was done in time', async () => {
    const limit = deadline(1_000, 'something');
    expect(await unlessAborted(Promise.resolve(1), limit.signal)).toBe(1);
    limit.clear();
    expect(vi.getTimerCount()).toBe(0);
  });
});
