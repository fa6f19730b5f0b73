import { groupBy } from '../group-by.ts';
import type { Delivered } from '../publishing/delivered-events.ts';
import type { MessageLog, Tail } from '../sending/draft.ts';
import { literalPattern } from './literal-pattern.ts';
import { insertMessages } from './message-inserts.ts';
import type { MessageDoc, MessageModel } from './message-model.ts';

/** A page of one conversation, oldest first. `more`: there is another beyond it, in the direction asked. */
export interface MessagePage {
  readonly docs: readonly MessageDoc[];
  readonly more: boolean;
}

export interface MessageStore extends MessageLog {
  byIds(ids: readonly string[]): Promise<MessageDoc[]>;
  /** The newest messages with a smaller seq. */
  before(conversationId: string, before: number | undefined, limit: number): Promise<MessagePage>;
  /** The oldest messages with a greater seq. */
  after(conversationId: string, after: number, limit: number): Promise<MessagePage>;
  /** The newest message of each conversation that has any. */
  newest(conversationIds: readonly string[]): Promise<Map<string, MessageDoc>>;
  /** The greatest seq whose message is older than `at`; 0 when none is. */
  seqBefore(conversationId: string, at: Date): Promise<number>;
  /** The newest `limit` messages in (after, upTo] that others wrote. */
  othersWithin(conversationId: string, userId: string, range: SeqRange, limit: number): Promise<MessageDoc[]>;
  /** How many in (after, upTo] the user wrote. Looks at each: bound the range. */
  countOwn(conversationId: string, userId: string, range: SeqRange): Promise<number>;
  /** Messages in (after, upTo] from that end of it, those that hold `text` in any case; all for an empty one. Looks at each: bound the range. */
  within(
    conversationId: string,
    range: SeqRange,
    text: string,
    order: 'newest' | 'oldest',
    limit: number,
  ): Promise<MessageDoc[]>;
  /** How many in (after, upTo] hold `text`. Looks at each: bound the range. */
  countWithin(conversationId: string, range: SeqRange, text: string): Promise<number>;
  /** Marks those that are not yet; returns the groups with the messages that this call marked, and without the empty ones. */
  markDelivered(groups: readonly Delivered[]): Promise<Delivered[]>;
}

/** Greater than `after`, up to and including `upTo`. */
export interface SeqRange {
  readonly after: number;
  readonly upTo: number;
}

const within = (conversationId: string, { after, upTo }: SeqRange) => ({
  conversationId,
  seq: { $gt: after, $lte: upTo },
});

const holding = (text: string) =>
  text === '' ? {} : { content: { $regex: literalPattern(text), $options: 'i' } };

/** Longer than any search within a bounded range takes unless the database is drowning; then the reader is told to try again. */
const SEARCH_MS = 5_000;

export interface MessageStoreOptions {
  readonly insertTimeoutMs: number;
  /** Told the size of every insert. */
  readonly onInsert: (messages: number) => void;
}

export function createMessageStore(model: MessageModel, options: MessageStoreOptions): MessageStore {
  const durable = { level: 'majority' } as const;

  /** Newest first. */
  const newestFirst = (filter: Record<string, unknown>, limit: number) =>
    model.find(filter).sort({ seq: -1 }).limit(limit).lean<MessageDoc[]>();

  async function createdAt(conversationId: string, seq: number): Promise<number> {
    const doc = await model
      .findOne({ conversationId, seq }, { createdAt: 1 })
      .lean<Pick<MessageDoc, 'createdAt'>>();
    // Past the end, later than everything.
    return doc?.createdAt.getTime() ?? Number.POSITIVE_INFINITY;
  }

  async function tail(conversationId: string): Promise<Tail> {
    const doc = await model
      .findOne({ conversationId }, { seq: 1, createdAt: 1 })
      .sort({ seq: -1 })
      .read('primary')
      .readConcern(durable.level)
      .lean<Pick<MessageDoc, 'seq' | 'createdAt'>>();
    return doc ? { seq: doc.seq, at: doc.createdAt.getTime() } : { seq: 0, at: 0 };
  }

  return {
    insert(docs, ordered) {
      options.onInsert(docs.length);
      return insertMessages(model, docs, ordered, options.insertTimeoutMs);
    },

    tail,

    async byId(id) {
      const doc = await model.findOne({ _id: id }).readConcern(durable.level).lean<MessageDoc>();
      return doc ?? undefined;
    },

    async byClientMessage(senderId, clientMessageId) {
      const doc = await model
        // $exists says to the planner that the partial index holds it.
        .findOne({ 'sender.id': senderId, clientMessageId: { $eq: clientMessageId, $exists: true } })
        .readConcern(durable.level)
        .lean<MessageDoc>();
      return doc ?? undefined;
    },

    byClientMessages: (senderId, clientMessageIds) =>
      model
        .find({ 'sender.id': senderId, clientMessageId: { $in: clientMessageIds, $exists: true } })
        .readConcern(durable.level)
        .lean<MessageDoc[]>(),

    byIds: (ids) => model.find({ _id: { $in: ids } }).lean<MessageDoc[]>(),

    async before(conversationId, before, limit) {
      const filter = before === undefined ? { conversationId } : { conversationId, seq: { $lt: before } };
      const docs = await newestFirst(filter, limit + 1);
      return { docs: docs.slice(0, limit).reverse(), more: docs.length > limit };
    },

    async after(conversationId, after, limit) {
      const docs = await model
        .find({ conversationId, seq: { $gt: after } })
        .sort({ seq: 1 })
        .limit(limit + 1)
        .lean<MessageDoc[]>();
      return { docs: docs.slice(0, limit), more: docs.length > limit };
    },

    async newest(conversationIds) {
      // One look at the end of each: a $group would read the conversations whole.
      const found = await Promise.all(
        conversationIds.map((conversationId) => newestFirst({ conversationId }, 1)),
      );
      return new Map(found.flat().map((doc) => [doc.conversationId, doc]));
    },

    async seqBefore(conversationId, at) {
      // Time rises with seq inside a conversation, so halving finds the place without an index on time that every insert would pay for.
      let low = 0;
      let high = (await tail(conversationId)).seq;
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if ((await createdAt(conversationId, middle)) < at.getTime()) low = middle;
        else high = middle - 1;
      }
      return low;
    },

    othersWithin: (conversationId, userId, range, limit) =>
      newestFirst({ ...within(conversationId, range), 'sender.id': { $ne: userId } }, limit),

    countOwn: (conversationId, userId, range) =>
      model.countDocuments({ ...within(conversationId, range), 'sender.id': userId }).exec(),

    within: (conversationId, range, text, order, limit) =>
      model
        .find({ ...within(conversationId, range), ...holding(text) })
        .sort({ seq: order === 'newest' ? -1 : 1 })
        .limit(limit)
        .maxTimeMS(SEARCH_MS)
        .lean<MessageDoc[]>(),

    countWithin: (conversationId, range, text) =>
      model
        .countDocuments({ ...within(conversationId, range), ...holding(text) })
        .maxTimeMS(SEARCH_MS)
        .exec(),

    async markDelivered(groups) {
      if (groups.length === 0) return [];
      await model.bulkWrite(
        groups.map(({ messageIds, eventId, at }) => ({
          updateMany: {
            filter: { _id: { $in: [...messageIds] }, deliveredAt: { $exists: false } },
            update: { $set: { deliveredAt: at, receipt: { at, eventId } } },
          },
        })),
        { ordered: false },
      );
      // Another node may have marked some in the meantime: ours are those that carry our event's id.
      const ids = groups.flatMap((group) => group.messageIds);
      const marked = await model
        .find(
          { _id: { $in: ids }, 'receipt.eventId': { $in: groups.map(({ eventId }) => eventId) } },
          { receipt: 1 },
        )
        .lean<Pick<MessageDoc, '_id' | 'receipt'>[]>();
      return [...groupBy(marked, (doc) => doc.receipt?.eventId)].flatMap(([eventId, docs]) => {
        const group = groups.find((each) => each.eventId === eventId);
        return group ? [{ ...group, messageIds: docs.map((doc) => doc._id) }] : [];
      });
    },
  };
}
