import type { Connection } from '../connection/connection.ts';
import type { RequestOptions, Requests } from '../connection/requests.ts';
import type { Emitter } from '../emitter.ts';
import { asSwitchboardError, notSignedIn } from '../errors.ts';
import type { ClientEvents } from '../events.ts';
import type { Account, ConversationSummary, Message, Target } from '../wire.ts';
import { conversationOf } from './conversation-ids.ts';
import { Outbox, type SendOptions, type Sent } from './outbox.ts';
import { PAGE, Timelines } from './timelines.ts';
import { Typing } from './typing.ts';

export interface Page {
  /** Oldest first. */
  readonly messages: readonly Message[];
  /** There are further ones in the direction that was asked for. */
  readonly more: boolean;
}

export interface HistoryOptions extends RequestOptions {
  /** Messages with a smaller seq; the newest when absent. */
  readonly before?: number;
  /** 1 to 200; 50 by default. */
  readonly limit?: number;
}

export interface ChatParts {
  readonly requests: Requests;
  readonly connection: Connection;
  readonly events: Emitter<ClientEvents>;
  readonly me: () => Account | null;
  readonly maxQueued: number;
  readonly sendDeadlineMs: number;
  readonly gapPatienceMs: number;
  readonly positions: Readonly<Record<string, number>>;
  readonly prepare: (to: Target, signal: AbortSignal) => Promise<void>;
}

/** Messages, read positions and typing, in direct conversations and rooms. */
export class Chat {
  readonly #parts: ChatParts;
  readonly #outbox: Outbox;
  readonly #typing: Typing;
  #timelines: Timelines;
  #owner: string | undefined;
  #catching = new AbortController();

  /** @internal */
  constructor(parts: ChatParts) {
    this.#parts = parts;
    const { requests, connection, events } = parts;
    this.#timelines = this.#newTimelines(parts.positions);
    this.#outbox = new Outbox(requests, {
      maxQueued: parts.maxQueued,
      deadlineMs: parts.sendDeadlineMs,
      prepare: parts.prepare,
      stored: (message) => this.#timelines.accept(message),
    });
    this.#typing = new Typing((to, active) => {
      requests.tell('chat.typing', { to, active }).catch(() => {});
    });
    connection.events.on('message.created', ({ message }) => this.#timelines.accept(message));
    connection.events.on('message.delivered', (delivered) => events.emit('delivered', delivered));
    connection.events.on('message.read', (read) => events.emit('read', read));
    connection.events.on('typing', (typing) => events.emit('typing', typing));
    connection.changes.on('ready', () => void this.#catchUp());
  }

  /**
   * Sends a message and resolves once it is stored durably. Repeats over reconnects and passing refusals until it is acknowledged, refused,
   * given up (`signal`) or the deadline is over; whatever happens it is stored once at most. Messages to one target are stored in the order in which
   * they were given here.
   *
   * Rejects with a `SwitchboardError`: the refusal (INVALID_DATA, USER_NOT_FOUND, ROOM_NOT_FOUND, PERMISSION_DENIED, …), QUEUE_FULL, or TIMEOUT,
   * ABORTED, CLOSED, NOT_SIGNED_IN, after which it is unknown whether an attempt that was under way was stored.
   */
  sendMessage(to: Target, content: string, options: SendOptions = {}): Promise<Sent> {
    this.#typing.set(to, false);
    return this.#outbox.send(to, content, options);
  }

  /** A page of messages backwards from `before`, oldest first within it. */
  async history(conversationId: string, { before, limit, ...options }: HistoryOptions = {}): Promise<Page> {
    const { messages, more } = await this.#parts.requests.ask(
      'chat.history',
      {
        conversationId,
        ...(before === undefined ? {} : { before }),
        ...(limit === undefined ? {} : { limit }),
      },
      options,
    );
    return { messages, more };
  }

  /** The user's conversations, the liveliest first, at most 200, with unread counts. */
  async conversations(
    options: RequestOptions & { readonly limit?: number } = {},
  ): Promise<ConversationSummary[]> {
    const { limit = PAGE, ...rest } = options;
    return (await this.#parts.requests.ask('chat.conversations', { limit }, rest)).conversations;
  }

  /** Marks a conversation as read up to a seq, or all of it. Resolves with the read position, which never moves back. */
  async markRead(conversationId: string, upToSeq?: number, options: RequestOptions = {}): Promise<number> {
    const payload = { conversationId, ...(upToSeq === undefined ? {} : { upToSeq }) };
    return (await this.#parts.requests.ask('chat.read', payload, options)).upToSeq;
  }

  /**
   * Says that one is writing; to be called with each keystroke, words are few. It ends by itself 6 s after the last call, and with a message to the
   * same target. Never fails: without a connection the word is lost.
   */
  typing(to: Target, active = true): void {
    this.#typing.set(to, active);
  }

  /** The conversation with a user, or of a room. */
  conversationId(to: Target): string {
    const me = this.#parts.me();
    if (!me) throw notSignedIn();
    return conversationOf(me.id, to);
  }

  /**
   * Conversation id → the seq up to which `message` events were delivered. An application that keeps messages of its own stores these with them and hands
   * them to the next `createClient` as `positions`: then it misses nothing over a restart either.
   */
  positions(): Record<string, number> {
    return this.#timelines.positions();
  }

  /** @internal */
  follow(conversationId: string, lastSeq: number): void {
    this.#timelines.follow(conversationId, lastSeq);
  }

  /** @internal */
  forget(conversationId: string): void {
    this.#timelines.forget(conversationId);
  }

  /** Another user's messages are none of ours; true when it is another than before. The same user who signs in again goes on where they were. @internal */
  belongTo(userId: string): boolean {
    const another = this.#owner !== undefined && this.#owner !== userId;
    if (another) this.#timelines = this.#newTimelines({});
    this.#owner = userId;
    return another;
  }

  /** @internal */
  clear(): void {
    this.#typing.clear();
  }

  #newTimelines(positions: Readonly<Record<string, number>>): Timelines {
    const { requests, events, gapPatienceMs } = this.#parts;
    const mine: Timelines = new Timelines(
      requests,
      {
        deliver: (message) => {
          if (mine === this.#timelines) events.emit('message', message);
        },
        failed: (error) => events.emit('error', error),
        patienceMs: gapPatienceMs,
      },
      positions,
    );
    return mine;
  }

  /** For as long as it takes; the next line begins anew. */
  async #catchUp(): Promise<void> {
    this.#catching.abort();
    const catching = new AbortController();
    this.#catching = catching;
    const mine = this.#timelines;
    try {
      const list = await this.conversations({
        signal: catching.signal,
        deadlineMs: Number.POSITIVE_INFINITY,
      });
      if (mine === this.#timelines) await mine.catchUp(list);
    } catch (error) {
      const { code } = asSwitchboardError(error);
      if (code === 'ABORTED' || code === 'CLOSED' || code === 'NOT_SIGNED_IN') return;
      this.#parts.events.emit('error', asSwitchboardError(error));
    }
  }
}
