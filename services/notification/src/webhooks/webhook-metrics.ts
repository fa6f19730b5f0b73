import type { Metrics } from '@switchboard/service-kit';

export interface WebhookMetrics {
  tried(outcome: 'delivered' | 'retry' | 'failed'): void;
  disabled(reason: string): void;
  expired(count: number): void;
}

export function createWebhookMetrics(metrics: Metrics): WebhookMetrics {
  const tries = metrics.counter('webhook_tries_total', 'Tries to send an event to a webhook', ['outcome']);
  const disabled = metrics.counter('webhooks_disabled_total', 'Webhooks that were turned off', ['reason']);
  const expired = metrics.counter('webhook_deliveries_expired_total', 'Deliveries given up for their age');
  return {
    tried: (outcome) => tries.inc({ outcome }),
    disabled: (reason) => disabled.inc({ reason }),
    expired: (count) => expired.inc(count),
  };
}
