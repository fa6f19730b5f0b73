const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Pauses after each failed try, as the specification of Standard Webhooks suggests them: over about a day. */
const PAUSES_MS = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR] as const;
const JITTER = 0.1;
const LONGEST_MS = 24 * HOUR;

/** An event that is older than this is not tried any more, however few tries it had. */
export const GIVE_UP_MS = 32 * HOUR;
/** Nothing but failures for so long turns a webhook off. */
export const DISABLE_AFTER_MS = 5 * 24 * HOUR;

/**
 * The pause after a failed try; undefined after the last. A little longer at random, so that what failed together is not tried together.
 * @param attempts How often it was tried, from 1.
 * @param retryAfterMs What the endpoint asked for: it may have a longer pause, not a shorter one.
 */
export function pauseAfter(
  attempts: number,
  retryAfterMs = 0,
  random: () => number = Math.random,
): number | undefined {
  const pause = PAUSES_MS[attempts - 1];
  if (pause === undefined) return undefined;
  return Math.round(Math.max(pause * (1 + random() * JITTER), Math.min(retryAfterMs, LONGEST_MS)));
}

/** `Retry-After` in seconds or as a date; 0 for what says neither. */
export function retryAfter(header: string | undefined, now: number): number {
  if (header === undefined) return 0;
  if (/^\d{1,9}$/.test(header)) return Number(header) * SECOND;
  // A date begins with the day; what else `Date.parse` understands nobody means here.
  const date = /^[A-Z][a-z]{2}/.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}
