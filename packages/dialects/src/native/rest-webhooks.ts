import { BusEvent, EventId, WebhookId } from '@switchboard/protocol';
import { z } from 'zod';
import { missing } from '../payload/required.ts';
import { spelled } from '../payload/spellings.ts';
import { Limit } from '../rest-fields/page.ts';
import { TargetUrl } from '../rest-fields/push.ts';
import { NoBody, type RestTable } from '../rest-operation.ts';
import { NativeError } from './rest-schema.ts';
import * as reply from './rest-webhooks-schema.ts';

const admin = { dialect: 'native', access: 'admin' } as const;
const refused = { 400: NativeError, 401: NativeError, 403: NativeError, 429: NativeError, 503: NativeError };
const found = { ...refused, 404: NativeError };

/** What webhooks hear of beside the events of the bus. */
const OWN_TYPES = ['webhook.disabled'] as const;
export const WEBHOOK_EVENT_TYPES: readonly string[] = [
  ...BusEvent.options.map(({ shape }) => shape.type.value),
  ...OWN_TYPES,
];

/** `*`, a family such as `call.*` or `chat.message.*`, or one type. */
export function webhookHears(filters: readonly string[], type: string): boolean {
  return filters.some(
    (filter) =>
      filter === '*' || filter === type || (filter.endsWith('.*') && type.startsWith(filter.slice(0, -1))),
  );
}

const EventFilter = z
  .string()
  .max(64)
  .refine((filter) => WEBHOOK_EVENT_TYPES.some((type) => webhookHears([filter], type)), {
    error: 'must be *, a type of event such as call.ended, or a family such as call.*',
  });

const fields = {
  url: TargetUrl,
  events: z.array(EventFilter).min(1).max(50),
  description: z.string().trim().min(1).max(200).optional(),
  /** false leaves the text of messages out of what is sent. */
  messageText: z.boolean().default(true),
  enabled: z.boolean().default(true),
};
const Change = z.object({
  url: fields.url.optional(),
  events: fields.events.optional(),
  description: fields.description,
  messageText: z.boolean().optional(),
  enabled: z.boolean().optional(),
});

const Webhook = z.object({ id: WebhookId });
const at = '/admin/webhooks/:id';

/** Webhooks in the form of Standard Webhooks, for administrators. */
export const nativeWebhooksRest = {
  listWebhooks: {
    ...admin,
    method: 'get',
    path: '/admin/webhooks',
    summary: 'Every webhook, the oldest first.',
    replies: { 200: reply.NativeWebhooks, ...refused },
  },
  createWebhook: {
    ...admin,
    method: 'post',
    path: '/admin/webhooks',
    summary:
      'Sends events to a URL from now on, signed in the form of Standard Webhooks. The secret is shown this once.',
    body: spelled({}, z.object(fields)),
    replies: { 201: reply.NativeWebhookSecret, ...refused, 409: NativeError },
  },
  getWebhook: {
    ...admin,
    method: 'get',
    path: at,
    summary: 'One webhook, and what happened to it.',
    params: Webhook,
    replies: { 200: reply.NativeWebhookDetails, ...found },
  },
  updateWebhook: {
    ...admin,
    method: 'patch',
    path: at,
    summary:
      'Changes a webhook, turns it off, or on again: what waited since then is sent if it is not a day old.',
    params: Webhook,
    body: spelled(
      {},
      Change.refine((change) => Object.values(change).some((value) => value !== undefined), missing('url')),
    ),
    replies: { 200: reply.NativeWebhook, ...found },
  },
  deleteWebhook: {
    ...admin,
    method: 'delete',
    path: at,
    summary: 'Deletes a webhook and its deliveries.',
    params: Webhook,
    replies: { 204: NoBody, ...found },
  },
  rotateWebhookSecret: {
    ...admin,
    method: 'post',
    path: `${at}/rotate-secret`,
    summary: 'Gives a webhook a new secret, shown this once. For a day both sign.',
    params: Webhook,
    replies: { 200: reply.NativeWebhookSecret, ...found },
  },
  testWebhook: {
    ...admin,
    method: 'post',
    path: `${at}/test`,
    summary: 'Sends a test event at once and once, and says what came of it.',
    params: Webhook,
    replies: { 200: reply.NativeWebhookDelivery, ...found },
  },
  listWebhookDeliveries: {
    ...admin,
    method: 'get',
    path: `${at}/deliveries`,
    summary: 'A page of deliveries, the newest first; `before` is the id of the last one seen.',
    params: Webhook,
    query: z.object({
      status: reply.DeliveryStatus.optional(),
      before: EventId.optional(),
      limit: Limit,
    }),
    replies: { 200: reply.NativeWebhookDeliveries, ...found },
  },
  replayWebhook: {
    ...admin,
    method: 'post',
    path: `${at}/replay`,
    summary:
      'Sends again what failed since a moment (default: everything that is kept), or the named deliveries whatever became of them.',
    params: Webhook,
    body: spelled(
      {},
      z
        .object({
          since: z.iso
            .datetime({ offset: true })
            .transform((since) => new Date(since).toISOString())
            .optional(),
          deliveryIds: z.array(EventId).min(1).max(1_000).optional(),
        })
        .refine(({ since, deliveryIds }) => since === undefined || deliveryIds === undefined, {
          error: 'excludes since',
          path: ['deliveryIds'],
          params: { rule: 'invalid' },
        }),
    ),
    replies: { 202: reply.NativeReplayed, ...found },
  },
} as const satisfies RestTable;
