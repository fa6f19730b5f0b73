import { nativeWebhooksRest } from '@switchboard/dialects';
import { mongoFault, type Reply, type Route, route, uuidv7 } from '@switchboard/service-kit';
import { noted } from '../store/webhook-model.ts';
import type { Courier } from './courier.ts';
import {
  createWebhook,
  deleteWebhook,
  getWebhook,
  listWebhooks,
  rotateSecret,
  updateWebhook,
} from './manage-webhooks.ts';
import { payload } from './payload.ts';
import { send } from './send.ts';
import { deliveryView, historyView, webhookView } from './views.ts';
import type { WebhooksContext } from './webhooks-context.ts';

/** Where administrators look after webhooks. */
export function webhookRoutes(context: WebhooksContext, courier: Courier): readonly Route[] {
  const { clock, deliveries, webhooks } = context;
  const shown = (webhook: Parameters<typeof webhookView>[0]) => webhookView(webhook, clock.now());
  return [
    route({
      ...nativeWebhooksRest.listWebhooks,
      handle: () =>
        reply(200, async () => ({ webhooks: (await listWebhooks(context)).map((each) => shown(each)) })),
    }),
    route({
      ...nativeWebhooksRest.createWebhook,
      handle: ({ actor, body }) =>
        reply(201, async () => {
          const { webhook, secret } = await createWebhook(context, actor, body);
          return { webhook: shown(webhook), secret };
        }),
    }),
    route({
      ...nativeWebhooksRest.getWebhook,
      handle: ({ params }) =>
        reply(200, async () => {
          const webhook = await getWebhook(context, params.id);
          return { webhook: shown(webhook), history: historyView(webhook) };
        }),
    }),
    route({
      ...nativeWebhooksRest.updateWebhook,
      handle: ({ actor, params, body }) =>
        reply(200, async () => {
          const webhook = await updateWebhook(context, actor, params.id, body);
          courier.nudge();
          return { webhook: shown(webhook) };
        }),
    }),
    route({
      ...nativeWebhooksRest.deleteWebhook,
      handle: ({ params }) => reply(204, () => deleteWebhook(context, params.id)),
    }),
    route({
      ...nativeWebhooksRest.rotateWebhookSecret,
      handle: ({ actor, params }) =>
        reply(200, async () => {
          const { webhook, secret } = await rotateSecret(context, actor, params.id);
          return { webhook: shown(webhook), secret };
        }),
    }),
    route({
      ...nativeWebhooksRest.testWebhook,
      handle: ({ params }) =>
        reply(200, async () => {
          const webhook = await getWebhook(context, params.id);
          const now = clock.now();
          const type = 'webhook.test';
          const claimed = await deliveries.addClaimed(
            {
              webhookId: params.id,
              eventId: uuidv7(now),
              type,
              body: payload(type, new Date(now).toISOString(), { webhookId: params.id }),
            },
            now,
          );
          // Says nothing of the endpoint's health: somebody is watching, and an endpoint that is turned off may be tried.
          const sent = await send(context, webhook, claimed);
          const status = sent.outcome === 'delivered' ? 'delivered' : 'failed';
          const { outcome: _outcome, ...rest } = sent;
          await deliveries.record(claimed, { ...rest, status }, clock.now());
          const { dueAt: _due, lease: _lease, ...settled } = claimed;
          return {
            delivery: deliveryView({
              ...settled,
              ...rest,
              status,
              lastAttemptAt: new Date(clock.now()),
            }),
          };
        }),
    }),
    route({
      ...nativeWebhooksRest.listWebhookDeliveries,
      handle: ({ params, query: { limit, status, before } }) =>
        reply(200, async () => {
          await getWebhook(context, params.id);
          const page = await deliveries.page(params.id, {
            limit: limit + 1,
            ...(status === undefined ? {} : { status }),
            ...(before === undefined ? {} : { before }),
          });
          return { deliveries: page.slice(0, limit).map(deliveryView), more: page.length > limit };
        }),
    }),
    route({
      ...nativeWebhooksRest.replayWebhook,
      handle: ({ actor, params, body: { since, deliveryIds } }) =>
        reply(202, async () => {
          await getWebhook(context, params.id);
          const now = clock.now();
          const replayed = await deliveries.replay(
            params.id,
            { ...(since === undefined ? {} : { since }), ...(deliveryIds ? { eventIds: deliveryIds } : {}) },
            now,
          );
          const entry = {
            at: new Date(now),
            action: 'replayed' as const,
            by: actor.id,
            detail: String(replayed),
          };
          await webhooks.updateOne({ _id: params.id }, noted(entry));
          courier.nudge();
          return { replayed };
        }),
    }),
  ];
}

/** What the driver throws becomes words that the HTTP app knows. Secrets stay out of caches. */
async function reply(status: number, answer: () => Promise<unknown>): Promise<Reply> {
  try {
    const body = await answer();
    return body === undefined ? { status } : { status, headers: { 'Cache-Control': 'no-store' }, body };
  } catch (error) {
    throw mongoFault(error);
  }
}
