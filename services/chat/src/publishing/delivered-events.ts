import type { Bus, Clock } from '@switchboard/ports';
import { ConversationId, EventId, type EventOf, MessageId, UserId } from '@switchboard/protocol';
import type { Logger } from '@switchboard/service-kit';
import type { MessageDoc, MessageModel } from '../store/message-model.ts';
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

/** The outbox of delivery receipts: each message marked carries the id of the event that will tell of it, until it is told. */
export function createDeliveredEvents(deps: DeliveredEventsDeps): DeliveredEvents {
  const { model, bus, clock, logger } = deps;
  const inHand = new Map<string, Promise<void>>();

  async function getOut(delivered: Delivered): Promise<void> {
    await bus.publish(deliveredEvent(delivered));
    await model.updateMany(
      { _id: { $in: delivered.messageIds }, 'receipt.eventId': delivered.eventId },
      { $unset: { receipt: 1 } },
    );
  }

  async function oldest(before: Date): Promise<Delivered | undefined> {
    const first = await model
      .findOne({ 'receipt.at': { $lte: before } })
      .sort({ 'receipt.at': 1 })
      .lean<MessageDoc>();
    const receipt = first?.receipt;
    if (!first || !receipt) return undefined;
    // Whole or not at all: a second event under the same id would be dropped, and with it the messages it alone names.
    const all = await model
      .find({ 'receipt.at': receipt.at, 'receipt.eventId': receipt.eventId })
      .lean<MessageDoc[]>();
    return {
      eventId: receipt.eventId,
      at: receipt.at,
      conversationId: first.conversationId,
      authorId: first.sender.id,
      messageIds: all.map((doc) => doc._id),
    };
  }

  return {
    marked(delivered) {
      const work = getOut(delivered)
        .catch((err: unknown) => logger.warn({ err }, 'publishing a receipt is left to the sweep'))
        .finally(() => inHand.delete(delivered.eventId));
      inHand.set(delivered.eventId, work);
    },

    async sweep() {
      let total = 0;
      for (;;) {
        const next = await oldest(new Date(clock.now() - deps.graceMs));
        // In hand since longer than the grace: this node is at it, and what is younger is, too.
        if (!next || inHand.has(next.eventId)) return total;
        await getOut(next);
        total += 1;
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
