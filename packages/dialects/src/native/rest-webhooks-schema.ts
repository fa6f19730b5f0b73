import { EventId, WebhookId } from '@switchboard/protocol';
import { z } from 'zod';

const time = z.iso.datetime();

/** gone: the endpoint answered 410. failing: nothing reached it for days. admin: somebody turned it off. */
export const WebhookOff = z.enum(['gone', 'failing', 'admin']);
export const DeliveryStatus = z.enum(['pending', 'delivered', 'failed']);

const Webhook = z.object({
  id: WebhookId,
  url: z.string(),
  events: z.array(z.string()),
  description: z.string().optional(),
  /** Whether the text of messages is sent along. */
  messageText: z.boolean(),
  enabled: z.boolean(),
  disabled: z.object({ at: time, reason: WebhookOff }).optional(),
  /** Nothing reached it since. */
  failingSince: time.optional(),
  lastDeliveredAt: time.optional(),
  /** Until then the secret before the newest signs, too. */
  formerSecretUntil: time.optional(),
  createdAt: time,
  updatedAt: time,
});

/** What happened to a webhook, the latest last; the latest fifty. `by`: the administrator's id, absent when the server did it. */
const Change = z.object({
  at: time,
  action: z.enum(['created', 'updated', 'secret_rotated', 'disabled', 'enabled', 'replayed']),
  by: z.string().optional(),
  detail: z.string().optional(),
});

const Delivery = z.object({
  /** That of the event, and the `webhook-id` that the endpoint sees. */
  id: EventId,
  type: z.string(),
  status: DeliveryStatus,
  attempts: z.number().int().nonnegative(),
  createdAt: time,
  lastAttemptAt: time.optional(),
  nextAttemptAt: time.optional(),
  /** What the endpoint answered last. */
  responseStatus: z.number().int().optional(),
  /** Why there was no answer, or none that counts. */
  error: z.string().optional(),
  durationMs: z.number().int().nonnegative().optional(),
});

export const NativeWebhooks = z.object({ webhooks: z.array(Webhook) });
export const NativeWebhook = z.object({ webhook: Webhook });
export const NativeWebhookDetails = z.object({ webhook: Webhook, history: z.array(Change) });
/** The secret is shown this once. */
export const NativeWebhookSecret = z.object({ webhook: Webhook, secret: z.string() });
export const NativeWebhookDelivery = z.object({ delivery: Delivery });
export const NativeWebhookDeliveries = z.object({ deliveries: z.array(Delivery), more: z.boolean() });
export const NativeReplayed = z.object({ replayed: z.number().int().nonnegative() });
