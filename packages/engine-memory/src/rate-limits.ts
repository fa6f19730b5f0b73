import type { Clock, RateLimits, RateRule, RateVerdict } from '@switchboard/ports';
import { hop } from './hop.ts';

interface Window {
  readonly endsAt: number;
  hits: number;
}

/** Keys looked at for expiry with each hit; two or more keep the store from growing past what is live. */
const SWEPT_PER_HIT = 4;

/** Rate limits in this process's memory. */
export function createMemoryRateLimits({ clock }: { readonly clock: Clock }): RateLimits {
  const windows = new Map<string, Window>();
  let sweeper = windows.entries();

  const open = (key: string, now: number): Window | undefined => {
    const window = windows.get(key);
    return window && window.endsAt > now ? window : undefined;
  };

  const sweep = (now: number): void => {
    for (let looked = 0; looked < SWEPT_PER_HIT; looked++) {
      const step = sweeper.next();
      if (step.done) {
        sweeper = windows.entries();
        return;
      }
      const [key, window] = step.value;
      if (window.endsAt <= now) windows.delete(key);
    }
  };

  const verdict = (allowed: boolean, window: Window | undefined, now: number): RateVerdict => ({
    allowed,
    retryAfterMs: allowed || !window ? 0 : window.endsAt - now,
  });

  return {
    async take(key: string, rule: RateRule) {
      await hop();
      const now = clock.now();
      const window = open(key, now) ?? { endsAt: now + rule.windowMs, hits: 0 };
      window.hits++;
      windows.set(key, window);
      sweep(now);
      return verdict(window.hits <= rule.points, window, now);
    },

    async peek(key: string, rule: RateRule) {
      await hop();
      const now = clock.now();
      const window = open(key, now);
      return verdict((window?.hits ?? 0) < rule.points, window, now);
    },

    async clear(key: string) {
      await hop();
      windows.delete(key);
    },
  };
}
