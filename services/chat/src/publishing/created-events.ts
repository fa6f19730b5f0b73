import type { Bus, Clock } from '@switchboard/ports';
import { DeviceId, EventId, type EventOf, SwitchboardError } from '@switchboard/protocol';
import type { Logger } from '@switchboard/service-kit';
import { messageAsStored } from '../messages/message-view.ts';
import { Coalesced } from '../store/coalesce.ts';
import type { ConversationStore } from '../store/conversation-store.ts';
import type { MessageDoc, MessageModel } from '../store/message-model.ts';
import { emptied } from './emptied.ts';

export interface CreatedEvents {
  /** Publishes for messages just stored, in the order given. Never throws, never waits; what does not get out is left to the sweep. */
  committed(docs: readonly MessageDoc[]): void;
  /** Publishes what was left over by any node; returns how many. Rejects while the bus or the database is away. */
  sweep(): Promise<number>;
  /** Resolves when nothing is in hand here, or the time is over: what is left is in the documents. */
  settled(withinMs: number): Promise<void>;
}

export interface CreatedEventsDeps {
  readonly model: MessageModel;
  readonly conversations: ConversationStore;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly graceMs: number;
}

/** Publishes in hand at once; beyond, messages wait in their documents for the sweep rather than in memory. */
const MAX_IN_HAND = 5_000;
const CLEAR_BATCH = 500;
const SWEEP_BATCH = 200;

/**
 * The outbox of messages: the mark is in the message's own document, written by the insert that the ack waits for, so no crash loses an event. The event
 * is made from the document, and its id is the message's: however often and by whomever it is published, the bus sees the same event.
 * The conversation's list entry rides along, so that it, too, is made up for after a crash.
 */
export function createCreatedEvents(deps: CreatedEventsDeps): CreatedEvents {
  const { model, conversations, bus, clock, logger } = deps;
  const inHand = new Map<string, Promise<void>>();
  let away = false;

  const cleared = new Coalesced<string>(async (ids) => {
    await model.updateMany({ _id: { $in: ids } }, { $unset: { outbox: 1 } });
  }, CLEAR_BATCH);

  async function getOut(doc: MessageDoc): Promise<void> {
    await Promise.all([conversations.follow(doc), bus.publish(createdEvent(doc))]);
    await cleared.add(doc._id);
  }

  /** Says once that publishing fails, and once that it works again, rather than once a message. */
  function noteAway(err: unknown): void {
    if (!away) logger.warn({ err }, 'publishing messages is left to the sweep');
    away = true;
  }

  function noteBack(): void {
    if (away) logger.info('messages are published again');
    away = false;
  }

  return {
    committed(docs) {
      for (const doc of docs) {
        if (inHand.size >= MAX_IN_HAND) return noteAway(new Error('too many publishes in hand'));
        const work = getOut(doc)
          .then(noteBack, noteAway)
          .finally(() => inHand.delete(doc._id));
        inHand.set(doc._id, work);
      }
    },

    async sweep() {
      let total = 0;
      for (;;) {
        const before = new Date(clock.now() - deps.graceMs);
        const docs = await model
          .find({ 'outbox.at': { $lte: before } })
          .sort({ 'outbox.at': 1 })
          .limit(SWEEP_BATCH)
          .lean<MessageDoc[]>();
        const left = docs.filter((doc) => !inHand.has(doc._id)).sort((a, b) => a.seq - b.seq);
        let published = 0;
        for (const doc of left) {
          try {
            await getOut(doc);
            published += 1;
          } catch (err) {
            if (err instanceof SwitchboardError && err.retryable) throw err;
            logger.error({ messageId: doc._id, err }, 'a message cannot be published');
          }
        }
        total += published;
        if (published > 0) noteBack();
        if (docs.length < SWEEP_BATCH || published === 0) return total;
      }
    },

    settled: (withinMs) => emptied(inHand, clock, withinMs),
  };
}

function createdEvent(doc: MessageDoc): EventOf<'chat.message.created'> {
  const origin = doc.outbox?.origin;
  return {
    v: 1,
    id: EventId.parse(doc._id),
    at: doc.createdAt.toISOString(),
    type: 'chat.message.created',
    message: messageAsStored(doc),
    ...(origin === undefined ? {} : { origin: DeviceId.parse(origin) }),
  };
}
