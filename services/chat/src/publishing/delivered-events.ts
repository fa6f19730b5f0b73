import type { Bus, Clock } from '@switchboard/ports';
import { ConversationId, EventId, type EventOf, MessageId, UserId } from '@switchboard/protocol';
import type { Logger } from '@switchboard/service-kit';
import { groupBy } from '../group-by.ts';
import { Coalesced } from '../store/coalesce.ts';
import type { MessageDoc, MessageModel } from '../store/message-model.ts';
import { createAwayNotice } from './away-notice.ts';
import { emptied } from './emptied.ts';

/** Messages of one author in one conversation that were delivered for the first time, together. */
export interface Delivered {
  readonly eventId: string;
  readonly at: Date;
  readonly conversationId: string;
  readonly authorId: string;
  readonly messageIds: readonly string[];
}

export interface DeliveredEvents {
  /** Publishes for messages just marked. Never throws, never waits; what does not get out is left to the sweep. */
  marked(delivered: Delivered): void;
  /** Publishes what was left over by any node; returns how many events. Rejects while the bus or the database is away. */
  sweep(): Promise<number>;
  /** Resolves when nothing is in hand here, or the time is over: what is left is in the documents. */
  settled(withinMs: number): Promise<void>;
}

export interface DeliveredEventsDeps {
  readonly model: MessageModel;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly graceMs: number;
}

const CLEAR_BATCH = 500;
const SWEEP_BATCH = 200;

/** The outbox of delivery receipts: each message marked carries the id of the event that will tell of it, until it is told. */
export function createDeliveredEvents(deps: DeliveredEventsDeps): DeliveredEvents {
  const { model, bus, clock, logger } = deps;
  const inHand = new Map<string, Promise<void>>();
  const notice = createAwayNotice(logger, 'receipts');

  const cleared = new Coalesced<Delivered>(async (told) => {
    await model.updateMany(
      {
        _id: { $in: told.flatMap(({ messageIds }) => messageIds) },
        'receipt.eventId': { $in: told.map(({ eventId }) => eventId) },
      },
      { $unset: { receipt: 1 } },
    );
  }, CLEAR_BATCH);

  async function getOut(delivered: Delivered): Promise<void> {
    await bus.publish(deliveredEvent(delivered));
    await cleared.add(delivered);
  }

  /** The oldest receipts that nobody was told of, each whole: a second event under the same id would be dropped, and with it the messages it alone names. */
  async function oldest(before: Date): Promise<Delivered[]> {
    const first = await model
      .find({ 'receipt.at': { $lte: before } }, { receipt: 1 })
      .sort({ 'receipt.at': 1 })
      .limit(SWEEP_BATCH)
      .lean<Pick<MessageDoc, '_id' | 'receipt'>[]>();
    const receipts = first.flatMap(({ receipt }) => receipt ?? []);
    const docs = await model
      .find({
        'receipt.at': { $in: [...new Set(receipts.map(({ at }) => at.getTime()))].map((at) => new Date(at)) },
        'receipt.eventId': { $in: [...new Set(receipts.map(({ eventId }) => eventId))] },
      })
      .sort({ 'receipt.at': 1, seq: 1 })
      .lean<MessageDoc[]>();
    return [...groupBy(docs, ({ receipt }) => receipt?.eventId).values()].flatMap((group) => {
      const [first] = group;
      if (!first?.receipt) return [];
      return {
        ...first.receipt,
        conversationId: first.conversationId,
        authorId: first.sender.id,
        messageIds: group.map((doc) => doc._id),
      };
    });
  }

  return {
    marked(delivered) {
      const work = getOut(delivered)
        .then(notice.back, notice.away)
        .finally(() => inHand.delete(delivered.eventId));
      inHand.set(delivered.eventId, work);
    },

    async sweep() {
      let total = 0;
      for (;;) {
        const found = await oldest(new Date(clock.now() - deps.graceMs));
        // In hand since longer than the grace: this node is at it.
        const left = found.filter(({ eventId }) => !inHand.has(eventId));
        const outcomes = await Promise.allSettled(left.map(getOut));
        const failed = outcomes.find((outcome) => outcome.status === 'rejected');
        if (failed) throw failed.reason;
        total += left.length;
        if (left.length === 0) return total;
      }
    },

    settled: (withinMs) => emptied(inHand, clock, withinMs),
  };
}

function deliveredEvent(delivered: Delivered): EventOf<'chat.message.delivered'> {
  return {
    v: 1,
    id: EventId.parse(delivered.eventId),
    at: delivered.at.toISOString(),
    type: 'chat.message.delivered',
    conversationId: ConversationId.parse(delivered.conversationId),
    authorId: UserId.parse(delivered.authorId),
    messageIds: delivered.messageIds.map((id) => MessageId.parse(id)),
  };
}
