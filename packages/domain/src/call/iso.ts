import type { Millis } from './state.ts';

/** Epoch milliseconds as the ISO 8601 UTC text that calls and events carry. */
export function iso(at: Millis): string {
  return new Date(at).toISOString();
}
