import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callScore, type Measured, meanOpinionScore, transmissionRating } from './mos.ts';

describe('the estimated opinion score', () => {
  // By hand from the formula: d, Id, Ie,eff, R, then annex B.
  it.each<[Measured, number, number]>([
    [{ roundTripMs: 0, loss: 0 }, 92.72, 4.4],
    [{ roundTripMs: 100, jitterMs: 5, loss: 0 }, 91.28, 4.37],
    [{ roundTripMs: 100, jitterMs: 5, loss: 0.01 }, 87.64, 4.28],
    [{ roundTripMs: 300, jitterMs: 20, loss: 0.03 }, 74.42, 3.8],
    [{ roundTripMs: 600, jitterMs: 40, loss: 0.05 }, 43.32, 2.23],
    [{ loss: 0.2 }, 50.59, 2.61],
    [{ roundTripMs: 2000 }, -1, 1],
    [{ roundTripMs: 60_000, jitterMs: 60_000, loss: 1 }, -1, 1],
  ])('of %o is R %d and %d', (measured, rating, score) => {
    expect(transmissionRating(measured)).toBeCloseTo(Math.max(0, rating), 1);
    expect(meanOpinionScore(measured)).toBeCloseTo(score, 2);
  });

  it('is unknown when nothing was measured that it depends on', () => {
    expect(meanOpinionScore({})).toBeUndefined();
    expect(meanOpinionScore({ jitterMs: 3 })).toBeUndefined();
    expect(meanOpinionScore({ roundTripMs: 40 })).toBeDefined();
    expect(meanOpinionScore({ loss: 0 })).toBeDefined();
  });

  const measured = fc.record({
    roundTripMs: fc.double({ min: 0, max: 60_000, noNaN: true }),
    jitterMs: fc.double({ min: 0, max: 60_000, noNaN: true }),
    loss: fc.double({ min: 0, max: 1, noNaN: true }),
  });

  it('stays between 1 and 4.41, and never gets better when something gets worse', () => {
    fc.assert(
      fc.property(
        measured,
        fc.constantFrom('roundTripMs', 'jitterMs', 'loss' as const),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (before, field, step) => {
          const score = meanOpinionScore(before) ?? Number.NaN;
          expect(score).toBeGreaterThanOrEqual(1);
          expect(score).toBeLessThanOrEqual(4.41);
          const most = field === 'loss' ? 1 : 60_000;
          const worse = { ...before, [field]: Math.min(most, before[field] + step * most) };
          expect(meanOpinionScore(worse)).toBeLessThanOrEqual(score);
        },
      ),
    );
  });

  it('of a call is that of the side that heard worse', () => {
    expect(callScore([4.2, 3.1])).toBe(3.1);
    expect(callScore([undefined, 4])).toBe(4);
    expect(callScore([undefined, undefined])).toBeUndefined();
  });
});
