/**
 * What a push service made of one push. `detail`: a short machine word; never what the service wrote, which could hold anything.
 */
export type Outcome =
  /** `ticketId`: what the service can later be asked about. */
  | { readonly step: 'sent'; readonly ticketId?: string }
  /**
   * Not now. `uncertain`: it may have been taken all the same. `lane`: it says something about the service rather than about this push. `afterMs`: how long
   * to wait; with `pause`, with everything for this service.
   */
  | {
      readonly step: 'retry';
      readonly detail: string;
      readonly uncertain: boolean;
      readonly lane: boolean;
      readonly afterMs?: number;
      readonly pause?: true;
    }
  /** Never. `gone`: nor anything else to this device. */
  | { readonly step: 'failed'; readonly detail: string; readonly gone?: true };

/** Longest that a service may ask to be left alone. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** What a Retry-After header (RFC 9110, 10.2.3: seconds or a date) asks for; undefined for none or nonsense. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  const ms = /^\d{1,9}$/.test(text)
    ? Number(text) * 1_000
    : / GMT$/.test(text)
      ? Date.parse(text) - now
      : Number.NaN;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS) : undefined;
}
