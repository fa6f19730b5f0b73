/** `points` per `windowMs`, counted per key in a fixed window that starts with the first hit. Windows are whole seconds; an engine may round up. */
export interface RateRule {
  readonly points: number;
  readonly windowMs: number;
}

export interface RateVerdict {
  readonly allowed: boolean;
  /** Until the window ends; 0 while allowed. */
  readonly retryAfterMs: number;
}

/**
 * Shared counters. Failure: rejects with a retryable SERVICE_UNAVAILABLE; the caller decides whether to let pass.
 */
export interface RateLimits {
  /** Counts one hit, then judges. */
  take(key: string, rule: RateRule): Promise<RateVerdict>;
  /** Judges without counting. */
  peek(key: string, rule: RateRule): Promise<RateVerdict>;
  clear(key: string): Promise<void>;
}
