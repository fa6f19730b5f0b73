import type { z } from 'zod';
import type * as reply from './rest-webhooks-schema.ts';

export type WebhookView = z.infer<typeof reply.NativeWebhook>['webhook'];
export type WebhookChange = z.infer<typeof reply.NativeWebhookDetails>['history'][number];
export type WebhookDeliveryView = z.infer<typeof reply.NativeWebhookDelivery>['delivery'];
