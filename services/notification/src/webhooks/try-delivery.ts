import type { ClaimedDelivery, Tried } from '../store/webhook-deliveries.ts';
import { disable, endpointMissed, endpointReached } from './endpoint-health.ts';
import { pauseAfter } from './retry-schedule.ts';
import { type Sent, send } from './send.ts';
import type { StoredWebhook } from './webhook-list.ts';
import type { WebhooksContext } from './webhooks-context.ts';

/**
 * Tries a delivery that the caller has claimed, and writes down what came of it. Whoever dies between the two leaves a lease, and the event is sent again with the same
 * `webhook-id`.
 * @param signal Gives up what is under way, which then does not count.
 */
export async function tryDelivery(
  context: WebhooksContext,
  webhook: StoredWebhook,
  claimed: ClaimedDelivery,
  signal: AbortSignal,
): Promise<void> {
  const { clock, deliveries, metrics } = context;
  const sent = await send(context, webhook, claimed, signal);
  if (sent.outcome === 'closed') return deliveries.release(claimed, clock.now());
  const now = clock.now();
  const tried = toRecord(sent, claimed.attempts, now);
  await deliveries.record(claimed, tried, now);
  metrics.tried(tried.status === 'pending' ? 'retry' : tried.status);
  if (sent.outcome === 'delivered') await endpointReached(context, webhook);
  else if (sent.outcome === 'gone') await disable(context, webhook, 'gone');
  else await endpointMissed(context, webhook);
}

/** Nothing of it is tried again that was asked to stop. */
function toRecord(sent: Exclude<Sent, { outcome: 'closed' }>, attempts: number, now: number): Tried {
  const { responseStatus, durationMs } = sent;
  const answered = { durationMs, ...(responseStatus === undefined ? {} : { responseStatus }) };
  if (sent.outcome === 'delivered') return { ...answered, status: 'delivered' };
  const { error } = sent;
  const pause = sent.outcome === 'failed' ? pauseAfter(attempts, sent.retryAfterMs) : undefined;
  return pause === undefined
    ? { ...answered, error, status: 'failed' }
    : { ...answered, error, status: 'pending', nextAttemptAt: now + pause };
}
