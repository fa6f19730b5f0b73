import { unavailable } from '@switchboard/protocol';
import type { MessageDoc } from '../store/message-model.ts';
import type { Draft, Stored, Tail } from './draft.ts';

export interface Pending {
  readonly draft: Draft;
  /** Epoch ms; past it the sender has given up and a refusal is kinder than a late message. */
  readonly giveUpAt: number;
  resolve(stored: Stored): void;
  reject(error: unknown): void;
}

/** The messages of one conversation that wait for a place, first come first placed. */
export class Lane {
  readonly conversationId: string;
  /** Unknown until read, and again whenever it may be wrong: a place is only ever given right behind a message known to be stored. */
  tail: Tail | undefined;
  /** True while the tail is being read. */
  warming = false;
  /** Places lost to other nodes since the last one won. */
  losses = 0;
  #waiting: Pending[] = [];

  constructor(conversationId: string, tail: Tail | undefined) {
    this.conversationId = conversationId;
    this.tail = tail;
  }

  get length(): number {
    return this.#waiting.length;
  }

  push(pending: Pending): void {
    this.#waiting.push(pending);
  }

  /** Back to the front, in their order, so that a lost race does not turn a sender's messages around. */
  putBack(pending: readonly Pending[]): void {
    this.#waiting.unshift(...pending);
  }

  take(max: number): Pending[] {
    return this.#waiting.splice(0, max);
  }

  /** Refuses everybody whose time is over; returns how many. */
  expire(now: number): number {
    const late = this.#waiting.filter((pending) => pending.giveUpAt <= now);
    if (late.length === 0) return 0;
    this.#waiting = this.#waiting.filter((pending) => pending.giveUpAt > now);
    for (const pending of late) pending.reject(unavailable('The message store'));
    return late.length;
  }

  rejectAll(error: unknown): number {
    const all = this.#waiting.splice(0);
    for (const pending of all) pending.reject(error);
    return all.length;
  }
}

/** Drafts in the places right behind `tail`. */
export function placed(drafts: readonly Draft[], tail: Tail, now: number): MessageDoc[] {
  let { seq, at } = tail;
  return drafts.map(({ origin, ...draft }) => {
    seq += 1;
    // A clock behind another node's, or many messages in one millisecond, must not make time run backwards or stand still within a
    // conversation, however far ahead its newest message is dated: whoever pages by time would skip one of two with the same.
    at = Math.max(now, at + 1);
    const createdAt = new Date(at);
    const outbox = origin === undefined ? { at: new Date(now) } : { at: new Date(now), origin };
    return { ...draft, seq, createdAt, outbox };
  });
}
