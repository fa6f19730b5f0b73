import type { Bus, Clock } from '@switchboard/ports';
import type { WebhookDoc, WebhookModel } from '../store/webhook-model.ts';

export type StoredWebhook = Readonly<WebhookDoc>;

/** The webhooks that are turned on, remembered for a moment: every event asks for them. */
export interface WebhookList extends AsyncDisposable {
  /** At most a second old, and newer than the last change that this process heard of. */
  enabled(): Promise<readonly StoredWebhook[]>;
  /** Something changed: forgets, and tells the other processes. */
  changed(): Promise<void>;
}

const REMEMBERED_MS = 1_000;

export async function createWebhookList(model: WebhookModel, bus: Bus, clock: Clock): Promise<WebhookList> {
  let remembered: { readonly at: number; readonly webhooks: Promise<readonly StoredWebhook[]> } | undefined;
  const forget = (): void => {
    remembered = undefined;
  };
  // A lost notice costs a second.
  const listening = await bus.listen((notice) => {
    if (notice.type === 'webhooks.changed') forget();
  });

  const read = async (): Promise<readonly StoredWebhook[]> =>
    model.find({ enabled: true }).select({ history: 0 }).lean<StoredWebhook[]>();

  return {
    enabled() {
      const now = clock.now();
      if (!remembered || now - remembered.at >= REMEMBERED_MS) {
        const reading = { at: now, webhooks: read() };
        remembered = reading;
        reading.webhooks.catch(() => {
          if (remembered === reading) forget();
        });
      }
      return remembered.webhooks;
    },
    async changed() {
      forget();
      await bus.notify({ type: 'webhooks.changed' }).catch(() => undefined);
      // A read that began before the change may have come in between.
      forget();
    },
    async [Symbol.asyncDispose]() {
      await listening[Symbol.asyncDispose]();
    },
  };
}
