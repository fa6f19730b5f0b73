import { createOwner, type EventFollower, type Route } from '@switchboard/service-kit';
import type { NotificationContext } from '../context.ts';
import { createWebhookDeliveries } from '../store/webhook-deliveries.ts';
import { webhookDeliveryModel } from '../store/webhook-delivery-model.ts';
import { webhookModel } from '../store/webhook-model.ts';
import { startCourier } from './courier.ts';
import { webhookFollower } from './webhook-follower.ts';
import { createWebhookList } from './webhook-list.ts';
import { createWebhookMetrics } from './webhook-metrics.ts';
import { webhookRoutes } from './webhook-routes.ts';
import type { WebhooksContext } from './webhooks-context.ts';

export interface Webhooks extends AsyncDisposable {
  readonly routes: readonly Route[];
  /** What notes events; not to be used any more once this is disposed. */
  readonly follower: EventFollower;
}

/** Endpoints of others that hear of events: who they are, what they are to be sent, and the sending. */
export async function startWebhooks(
  context: Pick<NotificationContext, 'bus' | 'clock' | 'logger' | 'mongo' | 'metrics' | 'outside'>,
): Promise<Webhooks> {
  const { bus, clock, logger, mongo, outside } = context;
  const webhooks = webhookModel(mongo.connection);
  const model = webhookDeliveryModel(mongo.connection);
  await mongo.ensureIndexes([webhooks, model]);
  const owner = createOwner();
  try {
    const list = owner.own(await createWebhookList(webhooks, bus, clock));
    const own: WebhooksContext = {
      bus,
      clock,
      logger,
      outside,
      metrics: createWebhookMetrics(context.metrics),
      webhooks,
      list,
      deliveries: createWebhookDeliveries(model),
    };
    const courier = owner.own(startCourier(own));
    return {
      routes: webhookRoutes(own, courier),
      follower: webhookFollower(own, courier),
      [Symbol.asyncDispose]: () => owner[Symbol.asyncDispose](),
    };
  } catch (error) {
    await owner[Symbol.asyncDispose]();
    throw error;
  }
}
