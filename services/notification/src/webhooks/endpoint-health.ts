import { webhookHears } from '@switchboard/dialects';
import { uuidv7 } from '@switchboard/service-kit';
import { noted, type WebhookOff } from '../store/webhook-model.ts';
import { payload } from './payload.ts';
import { DISABLE_AFTER_MS } from './retry-schedule.ts';
import type { StoredWebhook } from './webhook-list.ts';
import type { WebhooksContext } from './webhooks-context.ts';

/** How often a webhook's last delivery is written down. */
const NOTED_EVERY_MS = 10_000;

/** Something reached the endpoint. */
export async function endpointReached(
  { webhooks, clock, list }: WebhooksContext,
  { _id, failingSince, lastDeliveredAt }: StoredWebhook,
): Promise<void> {
  const now = clock.now();
  const fresh = lastDeliveredAt !== undefined && now - lastDeliveredAt.getTime() < NOTED_EVERY_MS;
  if (fresh && failingSince === undefined) return;
  await webhooks.updateOne(
    { _id },
    { $max: { lastDeliveredAt: new Date(now) }, $unset: { failingSince: 1 } },
  );
  if (failingSince !== undefined) await list.changed();
}

/** Nothing reached the endpoint. After days of only that it is turned off. */
export async function endpointMissed(context: WebhooksContext, webhook: StoredWebhook): Promise<void> {
  const { webhooks, clock, list } = context;
  const { _id, failingSince } = webhook;
  const now = clock.now();
  if (failingSince === undefined) {
    const first = { _id, failingSince: { $exists: false } };
    const { modifiedCount } = await webhooks.updateOne(first, { $set: { failingSince: new Date(now) } });
    if (modifiedCount > 0) await list.changed();
  } else if (now - failingSince.getTime() >= DISABLE_AFTER_MS) await disable(context, webhook, 'failing');
}

/** Turns a webhook off without anybody having asked for it, and tells those who hear of `webhook.disabled`. */
export async function disable(
  { webhooks, clock, list, deliveries, logger, metrics }: WebhooksContext,
  { _id }: StoredWebhook,
  reason: Exclude<WebhookOff, 'admin'>,
): Promise<void> {
  const now = clock.now();
  const at = new Date(now);
  const { modifiedCount } = await webhooks.updateOne(
    { _id, enabled: true },
    {
      $set: { enabled: false, disabled: { at, reason }, updatedAt: at },
      ...noted({ at, action: 'disabled', detail: reason }),
    },
  );
  if (modifiedCount === 0) return;
  logger.warn({ webhookId: _id, reason }, 'a webhook was turned off');
  metrics.disabled(reason);
  await list.changed();
  const type = 'webhook.disabled';
  const told = (await list.enabled()).filter(({ events }) => webhookHears(events, type));
  const eventId = uuidv7(now);
  const body = payload(type, at.toISOString(), { webhookId: _id, reason });
  await deliveries.add(
    told.map((other) => ({ webhookId: other._id, eventId, type, body })),
    now,
  );
}
