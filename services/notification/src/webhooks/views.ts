import type { WebhookChange, WebhookDeliveryView, WebhookView } from '@switchboard/dialects';
import { EventId, WebhookId } from '@switchboard/protocol';
import type { WebhookDeliveryDoc } from '../store/webhook-delivery-model.ts';
import type { WebhookDoc } from '../store/webhook-model.ts';

/** Field by field: a document also holds secrets. */
export function webhookView(webhook: WebhookDoc, now: number): WebhookView {
  const { description, disabled, failingSince, lastDeliveredAt, secrets } = webhook;
  const former = secrets.find(({ until }) => until !== undefined && until.getTime() > now)?.until;
  return {
    id: WebhookId.parse(webhook._id),
    url: webhook.url,
    events: [...webhook.events],
    ...(description === undefined ? {} : { description }),
    messageText: webhook.messageText,
    enabled: webhook.enabled,
    ...(disabled ? { disabled: { at: disabled.at.toISOString(), reason: disabled.reason } } : {}),
    ...(failingSince ? { failingSince: failingSince.toISOString() } : {}),
    ...(lastDeliveredAt ? { lastDeliveredAt: lastDeliveredAt.toISOString() } : {}),
    ...(former ? { formerSecretUntil: former.toISOString() } : {}),
    createdAt: webhook.createdAt.toISOString(),
    updatedAt: webhook.updatedAt.toISOString(),
  };
}

export function historyView({ history }: WebhookDoc): WebhookChange[] {
  return history.map(({ at, action, by, detail }) => ({
    at: at.toISOString(),
    action,
    ...(by === undefined ? {} : { by }),
    ...(detail === undefined ? {} : { detail }),
  }));
}

export function deliveryView(delivery: Omit<WebhookDeliveryDoc, 'body'>): WebhookDeliveryView {
  const { eventId, type, status, attempts, createdAt, lastAttemptAt, dueAt, lease } = delivery;
  const { responseStatus, error, durationMs } = delivery;
  return {
    id: EventId.parse(eventId),
    type,
    status,
    attempts,
    createdAt: createdAt.toISOString(),
    ...(lastAttemptAt ? { lastAttemptAt: lastAttemptAt.toISOString() } : {}),
    // While it is in hand the time is the lease's.
    ...(dueAt && lease === undefined ? { nextAttemptAt: dueAt.toISOString() } : {}),
    ...(responseStatus === undefined ? {} : { responseStatus }),
    ...(error === undefined ? {} : { error }),
    ...(durationMs === undefined ? {} : { durationMs }),
  };
}
