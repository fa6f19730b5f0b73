import type { nativeWebhooksRest } from '@switchboard/dialects';
import { type Identity, SwitchboardError, type WebhookId } from '@switchboard/protocol';
import { uuidv7 } from '@switchboard/service-kit';
import type { z } from 'zod';
import { OutsideError } from '../outside/outside-error.ts';
import { noted, type WebhookDoc } from '../store/webhook-model.ts';
import { newSecret, rotated } from './signature.ts';
import type { WebhooksContext } from './webhooks-context.ts';

export const MAX_WEBHOOKS = 50;

type NewWebhook = z.output<(typeof nativeWebhooksRest)['createWebhook']['body']>;
type Change = z.output<(typeof nativeWebhooksRest)['updateWebhook']['body']>;

export interface WithSecret {
  readonly webhook: WebhookDoc;
  readonly secret: string;
}

export function listWebhooks({ webhooks }: WebhooksContext): Promise<WebhookDoc[]> {
  return webhooks.find().sort({ _id: 1 }).limit(MAX_WEBHOOKS).lean<WebhookDoc[]>();
}

/** @throws SwitchboardError NOT_FOUND. */
export async function getWebhook({ webhooks }: WebhooksContext, id: WebhookId): Promise<WebhookDoc> {
  return known(await webhooks.findById(id).lean<WebhookDoc>());
}

/** @throws SwitchboardError INVALID_DATA for a URL that is no target, CONFLICT when there are too many. */
export async function createWebhook(
  context: WebhooksContext,
  actor: Identity,
  { url, events, description, messageText, enabled }: NewWebhook,
): Promise<WithSecret> {
  const { webhooks, clock, list } = context;
  assertTarget(context, url);
  const now = new Date(clock.now());
  const secret = newSecret();
  const webhook: WebhookDoc = {
    _id: uuidv7(now.getTime()),
    url,
    events: [...new Set(events)],
    ...(description === undefined ? {} : { description }),
    messageText,
    enabled,
    ...(enabled ? {} : { disabled: { at: now, reason: 'admin' } }),
    secrets: [{ secret }],
    createdAt: now,
    updatedAt: now,
    history: [{ at: now, action: 'created', by: actor.id }],
  };
  await webhooks.create(webhook);
  // Counted with it in place: of those who come at once, none gets past the bound.
  if ((await webhooks.countDocuments()) > MAX_WEBHOOKS) {
    await webhooks.deleteOne({ _id: webhook._id });
    throw new SwitchboardError({
      code: 'CONFLICT',
      message: `There are ${MAX_WEBHOOKS} webhooks, and no more may be`,
    });
  }
  await list.changed();
  return { webhook, secret };
}

/** Turning one on again begins anew: its failures are forgotten. */
export async function updateWebhook(
  context: WebhooksContext,
  actor: Identity,
  id: WebhookId,
  { url, events, description, messageText, enabled }: Change,
): Promise<WebhookDoc> {
  const { webhooks, clock, list } = context;
  if (url !== undefined) assertTarget(context, url);
  const at = new Date(clock.now());
  const before = await getWebhook(context, id);
  const turned = enabled !== undefined && enabled !== before.enabled ? enabled : undefined;
  const action = turned === undefined ? 'updated' : turned ? 'enabled' : 'disabled';
  const webhook = await webhooks
    .findOneAndUpdate(
      { _id: id },
      {
        $set: {
          updatedAt: at,
          ...(url === undefined ? {} : { url }),
          ...(events === undefined ? {} : { events: [...new Set(events)] }),
          ...(description === undefined ? {} : { description }),
          ...(messageText === undefined ? {} : { messageText }),
          ...(turned === undefined ? {} : { enabled: turned }),
          ...(turned === false ? { disabled: { at, reason: 'admin' as const } } : {}),
        },
        ...(turned ? { $unset: { disabled: 1, failingSince: 1 } } : {}),
        ...noted({ at, action, by: actor.id }),
      },
      { returnDocument: 'after' },
    )
    .lean<WebhookDoc>();
  await list.changed();
  return known(webhook);
}

export async function deleteWebhook(
  { webhooks, deliveries, list }: WebhooksContext,
  id: WebhookId,
): Promise<void> {
  const { deletedCount } = await webhooks.deleteOne({ _id: id });
  await list.changed();
  await deliveries.removeAll(id);
  if (deletedCount === 0) throw unknown();
}

export async function rotateSecret(
  context: WebhooksContext,
  actor: Identity,
  id: WebhookId,
): Promise<WithSecret> {
  const { webhooks, clock, list } = context;
  const before = await getWebhook(context, id);
  const now = clock.now();
  const at = new Date(now);
  const secrets = rotated(before.secrets, now);
  const webhook = await webhooks
    .findOneAndUpdate(
      // Of two at once one is refused: either would be shown a secret that the other's write takes away.
      { _id: id, 'secrets.0.secret': before.secrets[0]?.secret ?? '' },
      { $set: { secrets, updatedAt: at }, ...noted({ at, action: 'secret_rotated', by: actor.id }) },
      { returnDocument: 'after' },
    )
    .lean<WebhookDoc>();
  if (!webhook) {
    throw new SwitchboardError({ code: 'CONFLICT', message: 'The webhook was changed by somebody else' });
  }
  await list.changed();
  return { webhook, secret: secrets[0]?.secret ?? '' };
}

/** @throws SwitchboardError INVALID_DATA */
function assertTarget({ outside }: WebhooksContext, url: string): void {
  try {
    outside.assertTarget(url);
  } catch (error) {
    if (!(error instanceof OutsideError)) throw error;
    throw new SwitchboardError({
      code: 'INVALID_DATA',
      message: `Invalid data: url ${error.message}`,
      fields: { url: [{ rule: 'invalid', message: error.message }] },
    });
  }
}

function known(webhook: WebhookDoc | null): WebhookDoc {
  if (webhook) return webhook;
  throw unknown();
}

function unknown(): SwitchboardError {
  return new SwitchboardError({ code: 'NOT_FOUND', message: 'Webhook not found' });
}
