import type { OutsideReply } from '../../outside/guarded-request.ts';
import { OutsideError } from '../../outside/outside-error.ts';
import { type Outcome, retryAfterMs } from '../outcome.ts';

/**
 * What a reply of a push target means where statuses mean what HTTP says.
 * @param gone statuses that say that the target is no more
 */
export function outcomeOfReply(
  { status, headers }: Pick<OutsideReply, 'status' | 'headers'>,
  gone: readonly number[],
  now: number,
): Outcome {
  if (status >= 200 && status < 300) return { step: 'sent' };
  const detail = `http_${status}`;
  if (gone.includes(status)) return { step: 'failed', detail, gone: true };
  const afterMs = retryAfterMs(headers['retry-after'], now);
  const after = afterMs === undefined ? {} : { afterMs };
  // One target's limit may be its own: only several in a row are the service's.
  if (status === 429) return { step: 'retry', detail, uncertain: false, lane: true, ...after };
  if (status >= 500 || status === 408 || status === 425) {
    return { step: 'retry', detail, uncertain: false, lane: true, pause: true, ...after };
  }
  return { step: 'failed', detail };
}

/** What no reply means. */
export function outcomeOfFailure(error: unknown): Outcome {
  if (!(error instanceof OutsideError)) return { step: 'failed', detail: 'unsendable' };
  const { failure } = error;
  if (failure === 'refused') return { step: 'failed', detail: failure };
  return {
    step: 'retry',
    detail: failure,
    uncertain: failure !== 'unresolved',
    lane: failure !== 'closed',
  };
}

/** Push services of one host answer alike. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'nowhere';
}
