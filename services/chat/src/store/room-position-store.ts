import type { BusEvent } from '@switchboard/protocol';
import { duplicateKey } from '@switchboard/service-kit';
import { groupBy } from '../group-by.ts';
import { createFollowed } from './followed.ts';
import type { MessageDoc } from './message-model.ts';
import { positionKey, type RoomPositionDoc, type RoomPositionModel } from './room-position-model.ts';

export interface RoomPositionStore {
  /** Raises the sender's position in the room to this message. Batched; any order, any number of times. */
  follow(message: MessageDoc): Promise<void>;
  /** Resolves once every `follow` so far on this node is written. */
  settled(): Promise<void>;
  of(conversationId: string, userId: string): Promise<RoomPositionDoc | undefined>;
  /** Those of a user, where they were last active first. */
  ofUser(userId: string, limit: number): Promise<RoomPositionDoc[]>;
  /** Who has written or read there, in ascending order of ids as strings, behind `after`. */
  followers(conversationId: string, after: string | undefined, limit: number): Promise<string[]>;
  /** Who has read as far as `seq`, the farthest first. */
  readers(conversationId: string, seq: number, limit: number): Promise<RoomPositionDoc[]>;
  /** Moves a read position from `from` to `to`, storing the event with it. False when it is not at `from` any more. */
  moveRead(
    place: { readonly conversationId: string; readonly userId: string; readonly at: Date },
    from: number,
    to: number,
    event?: BusEvent,
  ): Promise<boolean>;
  /** Drops everybody's, when the room is gone. */
  forget(conversationId: string): Promise<void>;
}

export function createRoomPositionStore(model: RoomPositionModel): RoomPositionStore {
  return {
    ...createFollowed(model, followOperations),

    async of(conversationId, userId) {
      const doc = await model.findOne({ _id: positionKey(conversationId, userId) }).lean<RoomPositionDoc>();
      return doc ?? undefined;
    },

    ofUser: (userId, limit) =>
      model.find({ userId }, { outbox: 0 }).sort({ at: -1 }).limit(limit).lean<RoomPositionDoc[]>(),

    async followers(conversationId, after = '', limit) {
      const docs = await model
        // Keys that begin with the conversation's id: a semicolon comes behind the colon.
        .find({ _id: { $gt: positionKey(conversationId, after), $lt: `${conversationId};` } }, { userId: 1 })
        .sort({ _id: 1 })
        .limit(limit)
        .lean<Pick<RoomPositionDoc, 'userId'>[]>();
      return docs.map(({ userId }) => userId);
    },

    readers: (conversationId, seq, limit) =>
      model
        .find({ conversationId, read: { $gte: seq } }, { userId: 1, read: 1 })
        .sort({ read: -1 })
        .limit(limit)
        .lean<RoomPositionDoc[]>(),

    async moveRead({ conversationId, userId, at }, from, to, event) {
      const _id = positionKey(conversationId, userId);
      const first = from === 0;
      try {
        const result = await model.updateOne(
          { _id, read: first ? { $exists: false } : from },
          {
            $set: { read: to },
            $max: { at },
            ...(first ? { $setOnInsert: { conversationId, userId } } : {}),
            ...(event ? { $push: { outbox: event } } : {}),
          },
          // Together with a push, a default for the same field would contradict it.
          { upsert: first, setDefaultsOnInsert: false },
        );
        return result.modifiedCount === 1 || result.upsertedCount === 1;
      } catch (error) {
        // There is one by now, and it has read.
        if (duplicateKey(error)) return false;
        throw error;
      }
    },

    async forget(conversationId) {
      await model.deleteMany({ conversationId });
    },
  };
}

/** One upsert per sender and room, whatever the number of messages. */
function followOperations(messages: readonly MessageDoc[]) {
  const bySender = groupBy(messages, ({ conversationId, sender }) => positionKey(conversationId, sender.id));
  return [...bySender].flatMap(([_id, all]) => {
    const [first] = all;
    if (!first) return [];
    const seqs = all.map(({ seq }) => seq);
    const at = new Date(Math.max(...all.map(({ createdAt }) => createdAt.getTime())));
    return [
      {
        updateOne: {
          filter: { _id },
          update: {
            $max: { sent: Math.max(...seqs), at },
            $min: { since: Math.min(...seqs) - 1 },
            $setOnInsert: { conversationId: first.conversationId, userId: first.sender.id },
          },
          upsert: true,
        },
      },
    ];
  });
}
