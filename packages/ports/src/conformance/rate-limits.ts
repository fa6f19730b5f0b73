import { describe, expect, it } from 'vitest';
import type { RateLimits } from '../rate-limits.ts';
import { fresh } from './harness.ts';

export interface RateLimitsHarness {
  readonly limits: RateLimits;
  /** Lets so much of the engine's time pass, truly or by its clock. */
  elapse(ms: number): Promise<void>;
  dispose(): Promise<void>;
}

const RULE = { points: 3, windowMs: 1000 };
const PASS = { allowed: true, retryAfterMs: 0 };

/** What every engine of the rate limits must do. */
export function rateLimitsConformance(name: string, factory: () => Promise<RateLimitsHarness>): void {
  describe(`rate limits: ${name}`, () => {
    const harness = fresh(factory);
    const limits = (): RateLimits => harness().limits;
    const take = (key: string, times: number) =>
      Promise.all(Array.from({ length: times }, () => limits().take(key, RULE)));

    it('allows the points of a window and says when to come back', async () => {
      expect(await take('k', 3)).toEqual([PASS, PASS, PASS]);
      const refused = await limits().take('k', RULE);
      expect(refused.allowed).toBe(false);
      expect(refused.retryAfterMs).toBeGreaterThan(0);
      expect(refused.retryAfterMs).toBeLessThanOrEqual(RULE.windowMs);
    });

    it('allows no more to racers', async () => {
      const verdicts = await take('k', 100);
      expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(3);
    });

    it('opens a new window when the first has ended, however many hits it had', async () => {
      await take('k', 10);
      await harness().elapse(RULE.windowMs + 1);
      expect(await limits().peek('k', RULE)).toEqual(PASS);
      expect(await take('k', 3)).toEqual([PASS, PASS, PASS]);
      expect((await limits().take('k', RULE)).allowed).toBe(false);
    });

    it('starts the window with the first hit and does not prolong it', async () => {
      await take('k', 1);
      await harness().elapse(RULE.windowMs / 2);
      await take('k', 5);
      await harness().elapse(RULE.windowMs / 2 + 1);
      expect((await limits().take('k', RULE)).allowed).toBe(true);
    });

    it('looks without counting: would the next hit pass?', async () => {
      for (let looks = 0; looks < 10; looks++) expect(await limits().peek('k', RULE)).toEqual(PASS);
      await take('k', 2);
      expect(await limits().peek('k', RULE)).toEqual(PASS);
      await take('k', 1);
      const verdict = await limits().peek('k', RULE);
      expect(verdict.allowed).toBe(false);
      expect(verdict.retryAfterMs).toBeGreaterThan(0);
    });

    it('counts keys apart', async () => {
      await take('k', 4);
      expect(await limits().take('other', RULE)).toEqual(PASS);
    });

    it('forgets a key when told to', async () => {
      await take('k', 4);
      await limits().clear('k');
      expect(await take('k', 3)).toEqual([PASS, PASS, PASS]);
      await limits().clear('never seen');
    });
  });
}
