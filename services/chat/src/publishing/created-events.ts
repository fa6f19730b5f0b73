import type { Bus, Clock } from '@switchboard/ports';
import { DeviceId, EventId, type EventOf, SwitchboardError } from '@switchboard/protocol';
import type { Logger } from '@switchboard/service-kit';
import { BoundedMap } from '../bounded-map.ts';
import { messageAsStored } from '../messages/message-view.ts';
import { Coalesced } from '../store/coalesce.ts';
import type { ConversationStore } from '../store/conversation-store.ts';
import type { MessageDoc, MessageModel } from '../store/message-model.ts';
import type { RoomPositionStore } from '../store/room-position-store.ts';
import { createAwayNotice } from './away-notice.ts';
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
  readonly conversations: Pick<ConversationStore, 'follow'>;
  readonly positions: Pick<RoomPositionStore, 'follow'>;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly graceMs: number;
}

/** Publishes in hand at once; beyond, messages wait in their documents for the sweep rather than in memory. */
const MAX_IN_HAND = 5_000;
const CLEAR_BATCH = 500;
const SWEEP_BATCH = 200;
/** Looked at in one sweep; others have their turn in between. */
const SWEEP_MAX = 100_000;
const MAX_HOPELESS = 1_000;

/**
 * The outbox of messages: the mark is in the message's own document, written by the insert that the ack waits for, so no crash loses an event. The event
 * is made from the document, and its id is the message's: however often and by whomever it is published, the bus sees the same event.
 * The conversation's list entry rides along, and so does the sender's position in a room, so that they, too, are made up for after a crash.
 */
export function createCreatedEvents(deps: CreatedEventsDeps): CreatedEvents {
  const { model, conversations, positions, bus, clock, logger } = deps;
  const inHand = new Map<string, Promise<void>>();
  /** Complained of already. */
  const hopeless = new BoundedMap<string, true>(MAX_HOPELESS);
  const notice = createAwayNotice(logger, 'messages');

  const cleared = new Coalesced<string>(async (ids) => {
    await model.updateMany({ _id: { $in: ids } }, { $unset: { outbox: 1 } });
  }, CLEAR_BATCH);

  async function getOut(doc: MessageDoc): Promise<void> {
    // First, for it throws where there is no event to be made, and would leave the others' fate to nobody.
    const event = createdEvent(doc);
    await Promise.all([
      conversations.follow(doc),
      doc.roomId === undefined ? undefined : positions.follow(doc),
      bus.publish(event),
    ]);
    await cleared.add(doc._id);
  }

  return {
    committed(docs) {
      for (const doc of docs) {
        if (inHand.size >= MAX_IN_HAND) return notice.away(new Error('too many publishes in hand'));
        const work = getOut(doc)
          .then(notice.back, notice.away)
          .finally(() => inHand.delete(doc._id));
        inHand.set(doc._id, work);
      }
    },

    async sweep() {
      let total = 0;
      let last: MessageDoc | undefined;
      for (let looked = 0; looked < SWEEP_MAX; looked += SWEEP_BATCH) {
        const before = new Date(clock.now() - deps.graceMs);
        const docs = await model
          .find({ 'outbox.at': { $lte: before }, ...beyond(last) })
          .sort({ 'outbox.at': 1, _id: 1 })
          .limit(SWEEP_BATCH)
          .lean<MessageDoc[]>();
        const left = docs.filter((doc) => !inHand.has(doc._id)).sort((a, b) => a.seq - b.seq);
        // All at once, as when they were stored: one after the other a long outage takes long to make up for, and what is new overtakes meanwhile.
        let published = 0;
        const retryable: SwitchboardError[] = [];
        await Promise.all(
          left.map(async (doc) => {
            try {
              await getOut(doc);
              published += 1;
            } catch (err) {
              if (err instanceof SwitchboardError && err.retryable) {
                retryable.push(err);
                return;
              }
              if (!hopeless.has(doc._id))
                logger.error({ messageId: doc._id, err }, 'a message cannot be published');
              hopeless.set(doc._id, true);
            }
          }),
        );
        if (retryable[0]) throw retryable[0];
        total += published;
        if (published > 0) notice.back();
        if (docs.length < SWEEP_BATCH) return total;
        last = docs.at(-1);
      }
      return total;
    },

    settled: (withinMs) => emptied(inHand, clock, withinMs),
  };
}

/** Behind this one in the order of the sweep, so that messages which cannot be published do not hide those behind them. */
function beyond(last: MessageDoc | undefined) {
  if (!last) return {};
  const at = last.outbox?.at ?? new Date(0);
  return { $or: [{ 'outbox.at': { $gt: at } }, { 'outbox.at': at, _id: { $gt: last._id } }] };
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
