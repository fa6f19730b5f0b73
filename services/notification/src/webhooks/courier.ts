import { every } from '@switchboard/service-kit';
import { tryDelivery } from './try-delivery.ts';
import type { StoredWebhook } from './webhook-list.ts';
import type { WebhooksContext } from './webhooks-context.ts';

export interface Courier extends AsyncDisposable {
  /** Something may be due now. */
  nudge(): void;
}

const LOOK_MS = 1_000;
const EXPIRE_MS = 60_000;
/** Tries of one webhook in hand in this process: an endpoint's slowness is its own. */
const LANE = 4;
/** Of one that failed last; so a dead endpoint is not stormed, and what waits for it costs little. */
const FAILING_LANE = 1;

/** Sends what is due. Each webhook has a lane of its own; processes share a lane's work by claims. */
export function startCourier(context: WebhooksContext): Courier {
  const { clock, list, deliveries, metrics, logger } = context;
  const lanes = new Map<string, Lane>();
  const work = new Set<Promise<void>>();
  let nudged = false;
  let looking: Promise<void> | undefined;
  const stopping = new AbortController();

  const track = (task: Promise<void>): void => {
    const tracked = task
      .catch((err: unknown) => logger.warn({ err }, 'a webhook delivery is left to its lease'))
      .finally(() => work.delete(tracked));
    work.add(tracked);
  };

  /** Fills the lane from what is due. Whatever ends makes room for the next. */
  const fill = async (webhook: StoredWebhook, lane: Lane): Promise<void> => {
    if (lane.filling || stopping.signal.aborted) return;
    lane.filling = true;
    try {
      const room = webhook.failingSince ? FAILING_LANE : LANE;
      while (!stopping.signal.aborted && lane.inHand < room) {
        const claimed = await deliveries.claim(webhook._id, clock.now());
        if (!claimed) return;
        lane.inHand += 1;
        track(
          tryDelivery(context, webhook, claimed, stopping.signal).finally(() => {
            lane.inHand -= 1;
            nudge();
          }),
        );
      }
    } finally {
      lane.filling = false;
    }
  };

  const look = async (): Promise<void> => {
    const webhooks = await list.enabled();
    const ids = webhooks.map(({ _id }) => _id);
    for (const [id, lane] of lanes) if (lane.inHand === 0 && !ids.includes(id)) lanes.delete(id);
    const open = webhooks.filter(({ _id }) => (lanes.get(_id)?.inHand ?? 0) < LANE);
    const due = await deliveries.anyDue(
      open.map(({ _id }) => _id),
      clock.now(),
    );
    if (!due) return;
    await Promise.all(
      open.map((webhook) => {
        const lane = lanes.get(webhook._id) ?? { inHand: 0, filling: false };
        lanes.set(webhook._id, lane);
        return fill(webhook, lane);
      }),
    );
  };

  /** One look at a time; a nudge while one is under way makes another. */
  const nudge = (): void => {
    nudged = true;
    looking ??= (async () => {
      while (nudged && !stopping.signal.aborted) {
        nudged = false;
        await look().catch((err: unknown) => logger.warn({ err }, 'webhooks could not be looked after'));
      }
    })().finally(() => {
      looking = undefined;
    });
  };

  const ticking = every(
    LOOK_MS,
    clock,
    async () => nudge(),
    () => undefined,
  );
  const expiring = every(
    EXPIRE_MS,
    clock,
    async () => metrics.expired(await deliveries.expire(clock.now())),
    (err) => logger.warn({ err }, 'old webhook deliveries were not given up'),
  );

  return {
    nudge,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await ticking[Symbol.asyncDispose]();
      await expiring[Symbol.asyncDispose]();
      await looking;
      await Promise.all(work);
    },
  };
}

interface Lane {
  inHand: number;
  filling: boolean;
}
