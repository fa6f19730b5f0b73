import type { Clock, RateRule } from '@switchboard/ports';

export type FloodVerdict = 'pass' | 'refuse' | 'close';

/**
 * A token bucket for one socket's events, whatever they are: refilled at `points` per `windowMs`, holding twice that for bursts. A socket that
 * goes on for `patience` refused events without a pause is to be closed.
 */
export function createFloodGate(rule: RateRule | 'off', clock: Clock, patience = 1000): () => FloodVerdict {
  if (rule === 'off') return () => 'pass';
  const capacity = rule.points * 2;
  const perMs = rule.points / rule.windowMs;
  let tokens = capacity;
  let refused = 0;
  let at = clock.now();

  return () => {
    const now = clock.now();
    tokens = Math.min(capacity, tokens + Math.max(0, now - at) * perMs);
    at = now;
    if (tokens >= rule.points) refused = 0;
    if (tokens >= 1) {
      tokens -= 1;
      return 'pass';
    }
    refused += 1;
    return refused > patience ? 'close' : 'refuse';
  };
}
