import type { Clock } from '@switchboard/ports';
import type { Outside } from '../outside/guarded-request.ts';
import { OutsideError } from '../outside/outside-error.ts';
import type { WebhookDeliveryDoc } from '../store/webhook-delivery-model.ts';
import { retryAfter } from './retry-schedule.ts';
import { signedHeaders } from './signature.ts';
import type { StoredWebhook } from './webhook-list.ts';

/** What came of asking an endpoint once. */
export type Sent =
  | { readonly outcome: 'delivered'; readonly responseStatus: number; readonly durationMs: number }
  | {
      /** gone: it wants no more. closed: we are on our way down, and it does not count. */
      readonly outcome: 'failed' | 'gone' | 'closed';
      readonly responseStatus?: number;
      readonly error: string;
      readonly durationMs: number;
      readonly retryAfterMs: number;
    };

const TIMEOUT_MS = 15_000;
/** Nobody reads what an endpoint answers but its status. */
const MAX_REPLY_BYTES = 1_024;

/** Asks the endpoint once. Any status from 200 to 299 counts; a redirect does not, and is not followed. Never rejects. */
export async function send(
  { outside, clock }: { readonly outside: Outside; readonly clock: Clock },
  { url, secrets }: Pick<StoredWebhook, 'url' | 'secrets'>,
  { eventId, body }: Pick<WebhookDeliveryDoc, 'eventId' | 'body'>,
  signal?: AbortSignal,
): Promise<Sent> {
  const began = performance.now();
  const elapsed = () => Math.round(performance.now() - began);
  try {
    const { status, headers } = await outside.request({
      method: 'POST',
      url,
      headers: signedHeaders(secrets, { id: eventId, body, now: clock.now() }),
      body,
      timeoutMs: TIMEOUT_MS,
      maxReplyBytes: MAX_REPLY_BYTES,
      ...(signal ? { signal } : {}),
    });
    const durationMs = elapsed();
    if (status >= 200 && status < 300) return { outcome: 'delivered', responseStatus: status, durationMs };
    return {
      outcome: status === 410 ? 'gone' : 'failed',
      responseStatus: status,
      error: `status ${status}`,
      durationMs,
      retryAfterMs: retryAfter(headers['retry-after'], clock.now()),
    };
  } catch (error) {
    const known = error instanceof OutsideError;
    return {
      outcome: known && error.failure === 'closed' ? 'closed' : 'failed',
      // A failure's own words hold neither the URL nor what was sent; nobody knows of others.
      error: known ? `${error.failure}: ${error.message}` : 'failed',
      durationMs: elapsed(),
      retryAfterMs: 0,
    };
  }
}
