import { aborted, SwitchboardError } from './errors.ts';

export interface Backoff {
  /** The first pause, at most; doubled each time. */
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * A pause before attempt `attempt` (0, 1, …): at random between nothing and an exponentially growing bound, so that the clients of a node that went
 * do not come back in step; never shorter than the server asked for.
 */
export function pauseMs(attempt: number, { baseMs, maxMs }: Backoff, retryAfterMs = 0): number {
  const bound = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(retryAfterMs + Math.random() * bound);
}

/** Resolves after `ms`; rejects with ABORTED when `signal` does, with its own error when its reason is one. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal));
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal ? abortError(signal) : aborted());
    };
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** Settles as `work` does, or rejects as soon as `signal` aborts; the work itself goes on. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(abortError(signal));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

export function abortError(signal: AbortSignal): SwitchboardError {
  return signal.reason instanceof SwitchboardError ? signal.reason : aborted(signal.reason);
}

export interface Deadline {
  /** Aborts with TIMEOUT after the time, or with the caller's signal. */
  readonly signal: AbortSignal;
  /** To be called when the work is done. */
  clear(): void;
}

/** `ms` may be Infinity. (Not a `Disposable`: browsers without `Symbol.dispose` are to run this.) */
export function deadline(ms: number, what: string, caller?: AbortSignal): Deadline {
  const control = new AbortController();
  const timer = Number.isFinite(ms)
    ? setTimeout(
        () => control.abort(new SwitchboardError({ code: 'TIMEOUT', message: `${what}: no answer in time` })),
        Math.min(ms, LONGEST_TIMER_MS),
      )
    : undefined;
  const follow = (): void => control.abort(caller ? abortError(caller) : aborted());
  if (caller?.aborted) follow();
  caller?.addEventListener('abort', follow, { once: true });
  return {
    signal: control.signal,
    clear() {
      clearTimeout(timer);
      caller?.removeEventListener('abort', follow);
    },
  };
}

/** Beyond this, timers fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A timer that does not keep a Node process running; in browsers an ordinary one. Returns what stops it. */
export function quietTimer(ms: number, work: () => unknown): () => void {
  const timer: unknown = setTimeout(work, Math.min(Math.max(0, ms), LONGEST_TIMER_MS));
  (timer as { unref?: () => void }).unref?.();
  return () => clearTimeout(timer as number);
}
