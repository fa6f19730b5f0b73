import type { InsertOutcome } from '../store/message-inserts.ts';
import type { MessageDoc } from '../store/message-model.ts';

/** A message on its way: everything but its place (seq) and its time, which it gets when it is inserted. */
export type Draft = Omit<MessageDoc, 'seq' | 'createdAt' | 'deliveredAt' | 'outbox' | 'receipt'> & {
  /** The sending device, which needs no copy of the event. */
  readonly origin?: string;
};

/** What the ack says. `duplicate`: the clientMessageId was known, this is the message stored under it. */
export interface Stored {
  readonly doc: MessageDoc;
  readonly duplicate: boolean;
}

/** The newest message of a conversation; seq 0 when there is none. `at` is epoch ms. */
export interface Tail {
  readonly seq: number;
  readonly at: number;
}

/** What sending needs of the store. Reads see only what is majority committed; all reject while the database is away. */
export interface MessageLog {
  insert(docs: readonly MessageDoc[], ordered: boolean): Promise<InsertOutcome[]>;
  tail(conversationId: string): Promise<Tail>;
  byId(id: string): Promise<MessageDoc | undefined>;
  byClientMessage(senderId: string, clientMessageId: string): Promise<MessageDoc | undefined>;
  /** Those of them that there are, in any order. */
  byClientMessages(senderId: string, clientMessageIds: readonly string[]): Promise<MessageDoc[]>;
}
