import { randomUUID } from 'node:crypto';
import type { EventId, WebhookId } from '@switchboard/protocol';
import { GIVE_UP_MS } from '../webhooks/retry-schedule.ts';
import type {
  WebhookDeliveryDoc,
  WebhookDeliveryModel,
  WebhookDeliveryStatus,
} from './webhook-delivery-model.ts';

const DAY_MS = 24 * 3_600_000;
/** How long what became of a delivery can be looked up, and the delivery sent again. */
const KEPT_MS: Record<WebhookDeliveryStatus, number> = {
  pending: 8 * DAY_MS,
  delivered: 3 * DAY_MS,
  failed: 8 * DAY_MS,
};
/** Well above what a try may take. */
export const LEASE_MS = 60_000;

export interface NewDelivery {
  readonly webhookId: string;
  readonly eventId: string;
  readonly type: string;
  readonly body: string;
}

/** A delivery that this process may try, and nobody else until its lease is over. */
export type ClaimedDelivery = WebhookDeliveryDoc & { readonly lease: string };

/** What a try came to. */
export interface Tried {
  readonly status: WebhookDeliveryStatus;
  readonly responseStatus?: number;
  readonly error?: string;
  readonly durationMs: number;
  /** Of a pending one. */
  readonly nextAttemptAt?: number;
}

export interface DeliveryPage {
  readonly status?: WebhookDeliveryStatus;
  readonly before?: EventId;
  readonly limit: number;
}

/** Deliveries in the database. Times are milliseconds since 1970; every method rejects with the driver's error while the database is away. */
export interface WebhookDeliveries {
  /** Stores what is not there yet; due at once. */
  add(deliveries: readonly NewDelivery[], now: number): Promise<void>;
  /** Stores one that nobody but the caller tries. */
  addClaimed(delivery: NewDelivery, now: number): Promise<ClaimedDelivery>;
  /** Whether one of these webhooks has something to send. */
  anyDue(webhookIds: readonly string[], now: number): Promise<boolean>;
  /** What of this webhook has been due for longest; the try counts from here on. */
  claim(webhookId: string, now: number): Promise<ClaimedDelivery | undefined>;
  /** False when the lease had passed to somebody else. */
  record(claimed: ClaimedDelivery, tried: Tried, now: number): Promise<boolean>;
  /** Gives one back as if it had not been tried. */
  release(claimed: ClaimedDelivery, now: number): Promise<void>;
  /** Ends what was not delivered in its time; how many those were. */
  expire(now: number): Promise<number>;
  page(webhookId: WebhookId, page: DeliveryPage): Promise<WebhookDeliveryDoc[]>;
  /** Makes failed ones pending again, or the named ones that are settled; how many. */
  replay(
    webhookId: WebhookId,
    which: { readonly since?: string; readonly eventIds?: readonly EventId[] },
    now: number,
  ): Promise<number>;
  removeAll(webhookId: WebhookId): Promise<void>;
}

export function createWebhookDeliveries(model: WebhookDeliveryModel): WebhookDeliveries {
  const fresh = ({ webhookId, eventId, type, body }: NewDelivery, now: number): WebhookDeliveryDoc => ({
    _id: `${webhookId}:${eventId}`,
    webhookId,
    eventId,
    type,
    body,
    status: 'pending',
    attempts: 0,
    dueAt: new Date(now),
    giveUpAt: new Date(now + GIVE_UP_MS),
    createdAt: new Date(now),
    expiresAt: new Date(now + KEPT_MS.pending),
  });
  const unclaimed = { lease: 1 } as const;

  return {
    async add(deliveries, now) {
      if (deliveries.length === 0) return;
      await model.bulkWrite(
        deliveries.map((delivery) => {
          const { _id, ...fields } = fresh(delivery, now);
          return { updateOne: { filter: { _id }, update: { $setOnInsert: fields }, upsert: true } };
        }),
        { ordered: false },
      );
    },

    async addClaimed(delivery, now) {
      const claimed = {
        ...fresh(delivery, now),
        attempts: 1,
        dueAt: new Date(now + LEASE_MS),
        lease: randomUUID(),
      };
      await model.create(claimed);
      return claimed;
    },

    async anyDue(webhookIds, now) {
      if (webhookIds.length === 0) return false;
      const found = await model
        .findOne({ webhookId: { $in: webhookIds }, dueAt: { $lte: new Date(now) } })
        .select({ _id: 1 })
        .lean();
      return found !== null;
    },

    async claim(webhookId, now) {
      const lease = randomUUID();
      const claimed = await model
        .findOneAndUpdate(
          { webhookId, dueAt: { $lte: new Date(now) } },
          { $set: { dueAt: new Date(now + LEASE_MS), lease }, $inc: { attempts: 1 } },
          { sort: { dueAt: 1 }, returnDocument: 'after' },
        )
        .lean<WebhookDeliveryDoc>();
      return claimed ? { ...claimed, lease } : undefined;
    },

    async record({ _id, lease }, { status, nextAttemptAt, responseStatus, error, durationMs }, now) {
      const { modifiedCount } = await model.updateOne(
        { _id, lease },
        {
          $set: {
            status,
            lastAttemptAt: new Date(now),
            durationMs,
            ...(responseStatus === undefined ? {} : { responseStatus }),
            ...(error === undefined ? {} : { error }),
            ...(nextAttemptAt === undefined ? {} : { dueAt: new Date(nextAttemptAt) }),
            ...(status === 'pending' ? {} : { expiresAt: new Date(now + KEPT_MS[status]) }),
          },
          $unset: {
            ...unclaimed,
            ...(responseStatus === undefined ? { responseStatus: 1 } : {}),
            ...(error === undefined ? { error: 1 } : {}),
            ...(nextAttemptAt === undefined ? { dueAt: 1 } : {}),
          },
        },
      );
      return modifiedCount > 0;
    },

    async release({ _id, lease }, now) {
      await model.updateOne(
        { _id, lease },
        { $set: { dueAt: new Date(now) }, $unset: unclaimed, $inc: { attempts: -1 } },
      );
    },

    async expire(now) {
      const { modifiedCount } = await model.updateMany(
        // Settled ones have no `dueAt`, and what is in hand has one ahead.
        { dueAt: { $lte: new Date(now) }, giveUpAt: { $lte: new Date(now) } },
        {
          $set: { status: 'failed', error: 'expired', expiresAt: new Date(now + KEPT_MS.failed) },
          $unset: { ...unclaimed, dueAt: 1 },
        },
      );
      return modifiedCount;
    },

    async page(webhookId, { status, before, limit }) {
      const last = before && (await model.findById(`${webhookId}:${before}`).lean());
      if (before && !last) return [];
      const older = last && {
        $or: [{ createdAt: { $lt: last.createdAt } }, { createdAt: last.createdAt, _id: { $lt: last._id } }],
      };
      return model
        .find({ webhookId, ...(status ? { status } : {}), ...older })
        .sort({ createdAt: -1, _id: -1 })
        .limit(limit)
        .select({ body: 0 })
        .lean<WebhookDeliveryDoc[]>();
    },

    async replay(webhookId, { since, eventIds }, now) {
      const which = eventIds
        ? { _id: { $in: eventIds.map((id) => `${webhookId}:${id}`) }, status: { $ne: 'pending' as const } }
        : { status: 'failed' as const, ...(since ? { createdAt: { $gte: new Date(since) } } : {}) };
      const { modifiedCount } = await model.updateMany(
        { webhookId, ...which },
        {
          $set: {
            status: 'pending',
            attempts: 0,
            dueAt: new Date(now),
            giveUpAt: new Date(now + GIVE_UP_MS),
            expiresAt: new Date(now + KEPT_MS.pending),
          },
        },
      );
      return modifiedCount;
    },

    async removeAll(webhookId) {
      await model.deleteMany({ webhookId });
    },
  };
}
