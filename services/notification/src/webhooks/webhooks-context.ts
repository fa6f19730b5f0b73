import type { Bus, Clock } from '@switchboard/ports';
import type { Logger } from '@switchboard/service-kit';
import type { Outside } from '../outside/guarded-request.ts';
import type { WebhookDeliveries } from '../store/webhook-deliveries.ts';
import type { WebhookModel } from '../store/webhook-model.ts';
import type { WebhookList } from './webhook-list.ts';
import type { WebhookMetrics } from './webhook-metrics.ts';

/** What the parts of webhooks share. */
export interface WebhooksContext {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly outside: Outside;
  readonly metrics: WebhookMetrics;
  readonly webhooks: WebhookModel;
  readonly list: WebhookList;
  readonly deliveries: WebhookDeliveries;
}
