import { describe, expect, it } from 'vitest';
import { checkLines, type LostLine } from './check-lines.ts';
import { type Span, unhindered } from './outages.ts';

const limits = { backWithinMs: 5_000, caughtUpWithinMs: 2_000 };
const check = (lines: readonly LostLine[], outages: readonly Span[] = [], faults: readonly Span[] = []) =>
  checkLines(lines, { outages, faults }, limits);
const back = { who: 0, lostAt: 0, backAt: 1_000, caughtUpAt: 1_500 };

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
    expect(check([back])).toMatchObject({ inTime: 1, reconnectP99Ms: 1_000, catchUpP99Ms: 500 });
    expect(check([back, { ...back, backAt: 6_000, caughtUpAt: 6_100 }]).inTime).toBe(0.5);
    expect(check([back, { ...back, caughtUpAt: 3_500 }]).inTime).toBe(0.5);
    expect(check([back, { who: 1, lostAt: 0 }])).toMatchObject({ inTime: 0.5, neverBack: 1 });
    const waited = { who: 0, lostAt: 0, backAt: 30_000, caughtUpAt: 30_100 };
    expect(check([waited], [{ what: 'gateway', from: 0, to: 29_000 }]).inTime).toBe(1);
    expect(check([])).toMatchObject({ inTime: 1, byFault: {} });
  });

  it('forgives not to have caught up only to a client that did by a later connection', () => {
    const half = { who: 0, lostAt: 0, backAt: 1_000 };
    expect(check([half])).toMatchObject({ inTime: 0, neverCaughtUp: 1 });
    const again = { who: 0, lostAt: 2_000, backAt: 2_500, caughtUpAt: 2_600 };
    expect(check([half, again])).toMatchObject({ inTime: 1, neverCaughtUp: 0 });
    expect(check([half, { ...again, who: 1 }])).toMatchObject({ inTime: 0.5, neverCaughtUp: 1 });
    expect(check([again, { ...half, lostAt: 9_000, backAt: 9_500 }])).toMatchObject({
      inTime: 0.5,
      neverCaughtUp: 1,
    });
  });

  it('tells the share of each kind of fault', () => {
    const faults = [
      { what: 'gateway-kill', from: 10_000, to: 11_000 },
      { what: 'chat-kill', from: 20_000, to: 21_000 },
      { what: 'gateway-kill', from: 30_000, to: 31_000 },
    ];
    const at = (lostAt: number, ms: number): LostLine => ({
      who: 0,
      lostAt,
      backAt: lostAt + ms,
      caughtUpAt: lostAt + ms,
    });
    const lines = [at(1, 1), at(10_000, 100), at(15_000, 9_000), at(30_500, 100), at(35_000, 100)];
    expect(check(lines, [], faults).byFault).toEqual({
      none: { lost: 1, inTime: 1 },
      'gateway-kill': { lost: 4, inTime: 0.75 },
    });
  });

  it('counts from the moment at which a node was stopped, not from when its clients noticed', () => {
    const faults = [
      { what: 'signaling-pause', from: 10_000, to: 30_000 },
      { what: 'chat-kill', from: 40_000, to: 41_000 },
    ];
    const noticed = { who: 0, lostAt: 18_000, backAt: 18_200, caughtUpAt: 18_300 };
    expect(check([noticed], [], faults)).toMatchObject({ inTime: 0, reconnectP99Ms: 8_200 });
    const before = { who: 0, lostAt: 9_000, backAt: 9_100, caughtUpAt: 9_200 };
    expect(check([before, noticed], [], faults)).toMatchObject({ inTime: 0.5, reconnectP99Ms: 8_200 });
    // By a connection that was made while the node was stopped already.
    const twice = [noticed, { who: 0, lostAt: 20_000, backAt: 20_100, caughtUpAt: 20_200 }];
    expect(check(twice, [], faults)).toMatchObject({ inTime: 0.5, reconnectP99Ms: 8_200 });
    const after = { ...noticed, lostAt: 31_000, backAt: 31_100, caughtUpAt: 31_100 };
    expect(check([after], [], faults)).toMatchObject({ inTime: 1, reconnectP99Ms: 100 });
  });
});
