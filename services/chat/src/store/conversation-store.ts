import { type BusEvent, ConversationId, directMembers } from '@switchboard/protocol';
import { groupBy } from '../group-by.ts';
import { type ConversationDoc, type ConversationModel, memberKey } from './conversation-model.ts';
import { createFollowed } from './followed.ts';
import type { MessageDoc } from './message-model.ts';

export interface ConversationStore {
  /** Raises the conversation of this message to it, making it if need be. Batched; any order, any number of times. */
  follow(message: MessageDoc): Promise<void>;
  /** Resolves once every `follow` so far on this node is written. */
  settled(): Promise<void>;
  byIds(ids: readonly string[]): Promise<Map<string, ConversationDoc>>;
  /** Those of a member, the liveliest first; `upTo`: whose last message is not newer. */
  ofMember(userId: string, limit: number, upTo?: Date): Promise<ConversationDoc[]>;
  /** Moves a member's read position from `from` to `to`, storing the event with it. False when it is not at `from` any more. */
  moveRead(id: string, userId: string, from: number, to: number, event?: BusEvent): Promise<boolean>;
}

/** Up to where a member has read; 0 for nothing. */
export function readSeq(doc: ConversationDoc | undefined, userId: string): number {
  return doc?.read?.[memberKey(userId)] ?? 0;
}

/** The seq of a member's own newest message; 0 for none. */
export function sentSeq(doc: ConversationDoc | undefined, userId: string): number {
  return doc?.sent?.[memberKey(userId)] ?? 0;
}

export function createConversationStore(model: ConversationModel): ConversationStore {
  return {
    ...createFollowed(model, followOperations),

    async byIds(ids) {
      const docs = await model.find({ _id: { $in: ids } }).lean<ConversationDoc[]>();
      return new Map(docs.map((doc) => [doc._id, doc]));
    },

    ofMember: (userId, limit, upTo) =>
      model
        .find({ members: userId, ...(upTo ? { lastAt: { $lte: upTo } } : {}) })
        .sort({ lastAt: -1 })
        .limit(limit)
        .lean<ConversationDoc[]>(),

    async moveRead(id, userId, from, to, event) {
      const field = `read.${memberKey(userId)}`;
      const result = await model.updateOne(
        { _id: id, [field]: from === 0 ? { $exists: false } : from },
        { $set: { [field]: to }, ...(event ? { $push: { outbox: event } } : {}) },
      );
      return result.modifiedCount === 1;
    },
  };
}

/** One upsert per conversation, whatever the number of messages. */
function followOperations(messages: readonly MessageDoc[]) {
  const byConversation = groupBy(messages, (message) => message.conversationId);
  return [...byConversation].map(([id, all]) => {
    const lastSeq = Math.max(...all.map(({ seq }) => seq));
    const lastAt = new Date(Math.max(...all.map(({ createdAt }) => createdAt.getTime())));
    const members = directMembers(ConversationId.parse(id));
    const sent: Record<string, number> = {};
    // A room's may be any number: each has a document of their own.
    for (const { sender, seq } of members ? all : []) {
      const field = `sent.${memberKey(sender.id)}`;
      sent[field] = Math.max(sent[field] ?? 0, seq);
    }
    return {
      updateOne: {
        filter: { _id: id },
        update: {
          $max: { lastSeq, lastAt, ...sent },
          $setOnInsert: members
            ? { kind: 'direct' as const, members: [...new Set<string>(members)] }
            : { kind: 'room' as const, members: [] },
        },
        upsert: true,
      },
    };
  });
}
