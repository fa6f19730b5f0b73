import { describe, expect, it } from 'vitest';
import { checkLines } from './check-lines.ts';
import { unhindered } from './outages.ts';

const limits = { backWithinMs: 5_000, caughtUpWithinMs: 2_000 };

describe('the connections of a run', () => {
  it('counts only the time without an outage, however outages overlap', () => {
    const outages = [
      { what: 'b', from: 40, to: 60 },
      { what: 'a', from: 10, to: 30 },
      { what: 'c', from: 50, to: 80 },
    ];
    expect(unhindered(0, 100, outages)).toBe(10 + 10 + 20);
    expect(unhindered(15, 25, outages)).toBe(0);
    expect(unhindered(20, 45, outages)).toBe(10);
    expect(unhindered(90, 100, outages)).toBe(10);
  });

  it('finds who is late, who is slow to catch up, and who never came back', () => {
    const back = { who: 0, lostAt: 0, backAt: 1_000, caughtUpAt: 1_500 };
    expect(checkLines([back], [], limits)).toMatchObject({
      inTime: 1,
      reconnectP99Ms: 1_000,
      catchUpP99Ms: 500,
    });
    expect(checkLines([back, { ...back, backAt: 6_000, caughtUpAt: 6_100 }], [], limits).inTime).toBe(0.5);
    expect(checkLines([back, { ...back, caughtUpAt: 3_500 }], [], limits).inTime).toBe(0.5);
    expect(checkLines([back, { who: 1, lostAt: 0 }], [], limits)).toMatchObject({
      inTime: 0.5,
      neverBack: 1,
    });
    const waited = { who: 0, lostAt: 0, backAt: 30_000, caughtUpAt: 30_100 };
    expect(checkLines([waited], [{ what: 'gateway', from: 0, to: 29_000 }], limits).inTime).toBe(1);
    expect(checkLines([], [], limits).inTime).toBe(1);
  });
});
