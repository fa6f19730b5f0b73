import type { Bus, Clock } from '@switchboard/ports';
import { BusEvent, SwitchboardError } from '@switchboard/protocol';
import { type Model, Schema } from 'mongoose';
import type { Logger } from '../logger.ts';

/**
 * The events that a document's last changes made true, stored by the same write as the change, oldest first; empty once they are published.
 * Declare it as `outbox: outboxField`, typed `readonly BusEvent[]`, and give the schema `outboxIndex`.
 */
export const outboxField = { type: [Schema.Types.Mixed], default: (): BusEvent[] => [] };

/** Arguments of `schema.index`: only documents with something to publish are in it. */
export const outboxIndex = [
  { 'outbox.at': 1 },
  { name: 'outbox_at', partialFilterExpression: { 'outbox.at': { $exists: true } } },
] as const;

const BATCH = 100;
/** Documents passed over as seen in one sweep, and looked at in one sweep. */
const MAX_SKIPPED = 1_000;
const MAX_SEEN = 100_000;

export interface OutboxOptions {
  // biome-ignore lint/suspicious/noExplicitAny: any model will do whose schema has `outboxField`; mongoose's Model is invariant.
  readonly model: Model<any>;
  readonly bus: Bus;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Pause between sweeps. Default 5 000. */
  readonly sweepMs?: number;
  /** Age at which an event counts as left over. Default 2 000; keep it well above the time that a publish takes. */
  readonly graceMs?: number;
}

export interface Outbox extends AsyncDisposable {
  /**
   * Publishes in order the events that were stored with the document, then takes them out. Never rejects: what cannot be published now stays
   * in the document for the sweep, and so do later events of a document whose earlier one is left over.
   */
  flush(docId: unknown, events: readonly BusEvent[]): Promise<void>;
  /** Publishes what is left over, oldest documents first; returns how many events. Runs by itself, too, first `graceMs` after the start. */
  sweep(): Promise<number>;
}

/**
 * Between persist and publish a process may die: the events are in the document, and any instance's sweep finds them. Two instances may publish the
 * same event; the bus drops the second by its id.
 */
export function createOutbox(options: OutboxOptions): Outbox {
  const { model, bus, logger, clock, sweepMs = 5_000, graceMs = 2_000 } = options;
  /** Document → the end of its queue here, so that one document's events leave in the order of the flushes. */
  const lanes = new Map<string, Promise<void>>();
  /** Documents with something left over, and since when: their order would break if a flush overtook the sweep. */
  const behind = new Map<string, number>();
  let sweeping: Promise<number> | undefined;
  let timer: Disposable | undefined;
  let disposed = false;

  const take = async (docId: unknown, events: readonly BusEvent[]): Promise<void> => {
    const ids = events.map((event) => event.id);
    await model.updateOne({ _id: docId }, { $pull: { outbox: { id: { $in: ids } } } }, { timestamps: false });
  };

  /** Returns the events that got out before the first that did not. */
  const publish = async (
    events: readonly BusEvent[],
  ): Promise<{ published: BusEvent[]; error?: unknown }> => {
    const published: BusEvent[] = [];
    for (const event of events) {
      try {
        await bus.publish(event);
        published.push(event);
      } catch (error) {
        return { published, error };
      }
    }
    return { published };
  };

  const leave = async (docId: unknown, key: string, events: readonly BusEvent[]): Promise<void> => {
    if (behind.has(key)) return;
    const { published, error } = await publish(events);
    if (error !== undefined) {
      behind.set(key, clock.now());
      logger.warn(
        { collection: model.collection.name, docId: key, err: error },
        'publishing is left to the sweep',
      );
    }
    try {
      if (published.length > 0) await take(docId, published);
    } catch (err) {
      logger.warn(
        { collection: model.collection.name, docId: key, err },
        'published events stay in the outbox',
      );
    }
  };

  const sweepDocument = async (docId: unknown, stored: readonly unknown[]): Promise<number | 'away'> => {
    const key = String(docId);
    const events: BusEvent[] = [];
    for (const each of stored) {
      const parsed = BusEvent.safeParse(each);
      if (!parsed.success) {
        logger.error({ collection: model.collection.name, docId: key }, 'an outbox holds what is no event');
        break;
      }
      events.push(parsed.data);
    }
    const { published, error } = await publish(events);
    if (published.length > 0) await take(docId, published);
    if (error === undefined) behind.delete(key);
    else if (error instanceof SwitchboardError && error.retryable) return 'away';
    else
      logger.error(
        { collection: model.collection.name, docId: key, err: error },
        'an event cannot be published',
      );
    return published.length;
  };

  /** What was left over before `old` and is not in the outbox any more was published by another instance. */
  const caughtUp = (old: number, seen: readonly unknown[]): void => {
    const keys = new Set(seen.map(String));
    for (const [key, since] of behind) if (since <= old && !keys.has(key)) behind.delete(key);
  };

  const sweepAll = async (): Promise<number> => {
    const seen: unknown[] = [];
    let total = 0;
    const old = clock.now() - graceMs;
    const before = new Date(old).toISOString();
    while (!disposed && seen.length < MAX_SEEN) {
      const skip = seen.slice(-MAX_SKIPPED);
      const documents = await model
        .find({ 'outbox.at': { $lte: before }, ...(skip.length > 0 ? { _id: { $nin: skip } } : {}) })
        .sort({ 'outbox.at': 1 })
        .limit(BATCH)
        .select({ outbox: 1 })
        .lean<{ _id: unknown; outbox: unknown[] }[]>();
      for (const { _id, outbox } of documents) {
        seen.push(_id);
        if (lanes.has(String(_id)) || !Array.isArray(outbox)) continue;
        const count = await sweepDocument(_id, outbox);
        if (count === 'away') return total;
        total += count;
      }
      if (documents.length < BATCH) {
        caughtUp(old, seen);
        break;
      }
    }
    return total;
  };

  const sweep = (): Promise<number> => {
    sweeping ??= sweepAll().finally(() => {
      sweeping = undefined;
    });
    return sweeping;
  };

  const schedule = (ms: number): void => {
    if (disposed) return;
    timer = clock.after(ms, () => {
      sweep()
        .catch((err: unknown) => {
          logger.warn({ collection: model.collection.name, err }, 'an outbox sweep failed');
        })
        .finally(() => schedule(sweepMs));
    });
  };
  schedule(graceMs);

  return {
    flush(docId, events) {
      if (events.length === 0) return Promise.resolve();
      const key = String(docId);
      const previous = lanes.get(key);
      const lane = (
        previous ? previous.then(() => leave(docId, key, events)) : leave(docId, key, events)
      ).then(() => {
        if (lanes.get(key) === lane) lanes.delete(key);
      });
      lanes.set(key, lane);
      return lane;
    },
    sweep,
    async [Symbol.asyncDispose]() {
      disposed = true;
      timer?.[Symbol.dispose]();
      await Promise.all([...lanes.values()]);
      await sweeping?.catch(() => undefined);
    },
  };
}
