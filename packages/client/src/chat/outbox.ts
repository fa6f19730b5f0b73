import type { Requests } from '../connection/requests.ts';
import { asSwitchboardError, SwitchboardError } from '../errors.ts';
import { randomId } from '../random-id.ts';
import { type Deadline, deadline } from '../timing.ts';
import type { Message, Target } from '../wire.ts';

export interface SendOptions {
  readonly contentType?: Message['contentType'];
  /**
   * 1 to 64 characters, unique for this user; a UUID when absent. Sending again with the same one, after a TIMEOUT say, is the same message: it is
   * stored once, and the answer is the one that was missed.
   */
  readonly clientMessageId?: string;
  /** Gives up. A message that was on its way may have been stored all the same. */
  readonly signal?: AbortSignal;
  /** Milliseconds until it is given up with TIMEOUT, from now; Infinity for never. Two minutes by default. */
  readonly deadlineMs?: number;
}

/** A message that is stored: durable, and in this place of its conversation. */
export interface Sent {
  readonly id: string;
  readonly seq: number;
  readonly message: Message;
  /** It was stored by an earlier attempt. */
  readonly duplicate: boolean;
}

interface Waiting {
  readonly to: Target;
  readonly content: string;
  readonly contentType: Message['contentType'];
  readonly clientMessageId: string;
  readonly limit: Deadline;
  readonly resolve: (sent: Sent) => void;
  readonly reject: (error: SwitchboardError) => void;
}

export interface OutboxOptions {
  readonly maxQueued: number;
  readonly deadlineMs: number;
  /** Before a message of this target may go out, and before each further one. */
  readonly prepare: (to: Target, signal: AbortSignal) => Promise<void>;
  readonly stored: (message: Message) => void;
}

/**
 * Messages on their way. One at a time for each target, so that they are stored in the order in which they were given, whatever happens to the line; different
 * targets do not wait for each other. A message that is refused or given up does not hold up those behind it.
 */
export class Outbox {
  readonly #requests: Requests;
  readonly #options: OutboxOptions;
  readonly #lanes = new Map<string, Waiting[]>();
  #queued = 0;

  constructor(requests: Requests, options: OutboxOptions) {
    this.#requests = requests;
    this.#options = options;
  }

  send(to: Target, content: string, options: SendOptions = {}): Promise<Sent> {
    if (this.#queued >= this.#options.maxQueued) {
      const message = `${this.#queued} messages wait to be sent already`;
      return Promise.reject(new SwitchboardError({ code: 'QUEUE_FULL', message, retryable: true }));
    }
    this.#queued += 1;
    return new Promise<Sent>((resolve, reject) => {
      const limit = deadline(options.deadlineMs ?? this.#options.deadlineMs, 'chat.send', options.signal);
      const { contentType = 'text', clientMessageId = randomId() } = options;
      this.#enqueue({ to, content, contentType, clientMessageId, limit, resolve, reject });
    });
  }

  #enqueue(waiting: Waiting): void {
    const { to } = waiting;
    const key = 'userId' in to ? `u:${to.userId}` : `r:${to.roomId}`;
    const lane = this.#lanes.get(key);
    if (lane) {
      lane.push(waiting);
      // Given up while it waits for others: out of their way, and known at once.
      const { signal } = waiting.limit;
      const drop = (): void => {
        const place = lane.indexOf(waiting);
        if (place <= 0) return;
        lane.splice(place, 1);
        this.#done(waiting);
        waiting.reject(asSwitchboardError(signal.reason));
      };
      if (signal.aborted) drop();
      else signal.addEventListener('abort', drop, { once: true });
      return;
    }
    const fresh = [waiting];
    this.#lanes.set(key, fresh);
    void this.#run(key, fresh);
  }

  /** Never rejects. The one that is being sent stays at the head. */
  async #run(key: string, lane: Waiting[]): Promise<void> {
    for (let head = lane[0]; head; head = lane[0]) {
      try {
        head.resolve(await this.#deliver(head));
      } catch (error) {
        head.reject(asSwitchboardError(error));
      }
      lane.shift();
      this.#done(head);
    }
    this.#lanes.delete(key);
  }

  async #deliver({ to, content, contentType, clientMessageId, limit }: Waiting): Promise<Sent> {
    const { signal } = limit;
    await this.#options.prepare(to, signal);
    const { message, duplicate } = await this.#requests.ask(
      'chat.send',
      { to, content, contentType, clientMessageId },
      { signal, deadlineMs: Number.POSITIVE_INFINITY },
    );
    this.#options.stored(message);
    return { id: message.id, seq: message.seq, message, duplicate };
  }

  #done({ limit }: Waiting): void {
    limit.clear();
    this.#queued -= 1;
  }
}
