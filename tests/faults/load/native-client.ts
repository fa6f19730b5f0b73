import type { Account } from './accounts.ts';
import { type Answer, ReconnectingSocket } from './reconnecting-socket.ts';
import { keyOf, type RunLog } from './run-log.ts';

/** Conversation as the protocol names it → its index in the log. */
export type Conversations = ReadonlyMap<string, number>;

export interface NativeClientOptions {
  readonly url: string;
  readonly who: number;
  readonly account: Account;
  readonly log: RunLog;
  /** Those this client follows. */
  readonly conversations: Conversations;
  /** Told what is not chat. */
  readonly onEvent?: (event: string, payload: Record<string, unknown>) => void;
  /** Asked to restore what is not chat on a new connection; false: not yet. */
  readonly restore?: () => Promise<boolean>;
}

interface Message {
  readonly id: string;
  readonly seq: number;
  readonly conversationId: string;
  readonly content: string;
}

/** A gap that deliveries do not close by themselves is asked for after this. */
const GAP_PATIENCE_MS = 500;
const PAGE = 200;

/** What is known of one conversation. */
interface View {
  /** Everything up to here. */
  upTo: number;
  readonly ahead: Set<number>;
}

/** A client of the protocol's own vocabulary as it should be: sees each message once, in order, and asks for what it missed. */
export class NativeClient {
  readonly who: number;
  readonly account: Account;
  readonly socket: ReconnectingSocket;
  readonly #options: NativeClientOptions;
  readonly #views = new Map<string, View>();
  #repairing: ReturnType<typeof setTimeout> | undefined;

  constructor(options: NativeClientOptions) {
    const { url, who, account, log } = options;
    this.#options = options;
    this.who = who;
    this.account = account;
    for (const id of options.conversations.keys()) this.#views.set(id, { upTo: 0, ahead: new Set() });
    this.socket = new ReconnectingSocket({
      url,
      who,
      log,
      token: account.token,
      dialect: 'native',
      greeting: 'session.connected',
      onEvent: (event, payload, line) => {
        if (event === 'message.created') this.#told('deliver', payload.message as Message, line);
        else options.onEvent?.(event, payload);
      },
      catchUp: async (line) => (await this.#sync(line)) && ((await options.restore?.()) ?? true),
    });
  }

  /** One attempt, written down. */
  async send(
    to: Account,
    conversation: number,
    key: number,
    content: string,
    clientMessageId: string,
  ): Promise<Answer> {
    const { log } = this.#options;
    const entry = { who: this.who, conversation, key, id: '', seq: 0, note: 0 };
    await this.socket.opened();
    log.write({ ...entry, kind: 'invoke' });
    const answer = await this.socket.ask('chat.send', { to: { userId: to.id }, content, clientMessageId });
    if (answer.kind === 'ok') {
      const { id, seq, conversationId } = answer.reply.message as Message;
      log.write({ ...entry, kind: 'ok', id, seq, note: answer.reply.duplicate === true ? 1 : 0 });
      this.#seen(conversationId, seq);
    } else log.write({ ...entry, kind: answer.kind });
    return answer;
  }

  /** Asks for everything behind what is known without a gap; false when it could not. */
  repair(): Promise<boolean> {
    return this.#sync(this.socket.line);
  }

  async close(): Promise<void> {
    clearTimeout(this.#repairing);
    await this.socket.close();
  }

  #told(kind: 'deliver' | 'repair', message: Message, line: number): void {
    const { log, conversations } = this.#options;
    const { id, seq, conversationId, content } = message;
    const conversation = conversations.get(conversationId);
    if (conversation === undefined) return;
    log.write({ kind, who: this.who, conversation, key: keyOf(content), id, seq, note: line });
    this.#seen(conversationId, seq);
  }

  #seen(conversationId: string, seq: number): void {
    const view = this.#views.get(conversationId);
    if (!view || seq <= view.upTo) return;
    view.ahead.add(seq);
    while (view.ahead.delete(view.upTo + 1)) view.upTo += 1;
    if (view.ahead.size > 0) {
      this.#repairing ??= setTimeout(() => {
        this.#repairing = undefined;
        if ([...this.#views.values()].some(({ ahead }) => ahead.size > 0)) void this.repair();
      }, GAP_PATIENCE_MS);
    }
  }

  async #sync(line: number): Promise<boolean> {
    const pages = await Promise.all([...this.#views].map(([id, view]) => this.#syncOne(id, view, line)));
    return pages.every(Boolean);
  }

  async #syncOne(conversationId: string, view: View, line: number): Promise<boolean> {
    for (let after = view.upTo, more = true; more; ) {
      const answer = await this.socket.ask('chat.sync', { conversationId, after, limit: PAGE });
      if (answer.kind !== 'ok') return false;
      const messages = answer.reply.messages as Message[];
      for (const message of messages) {
        const { seq } = message;
        // What was told already needs no second line.
        if (seq > view.upTo && !view.ahead.has(seq)) this.#told('repair', message, line);
      }
      after = messages.at(-1)?.seq ?? after;
      more = answer.reply.more === true && messages.length > 0;
    }
    return true;
  }
}
