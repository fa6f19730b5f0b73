import { asSwitchboardError, type SwitchboardError } from '../errors.ts';
import { type Backoff, deadline, pauseMs, sleep, unlessAborted } from '../timing.ts';
import type { Acks, Command } from '../wire.ts';
import type { Connection } from './connection.ts';

export interface RequestOptions {
  /** Gives up: the promise rejects with ABORTED. What was sent already may have been carried out. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for all attempts together, waiting for a connection included; Infinity for no end. */
  readonly deadlineMs?: number | undefined;
}

export interface AskOptions extends RequestOptions {
  /** Which refusals to meet with another attempt; a broken line and a missing answer always are. */
  readonly again?: (error: SwitchboardError) => boolean;
}

export interface RequestTimings {
  readonly ackTimeoutMs: number;
  readonly deadlineMs: number;
  readonly backoff: Backoff;
}

/**
 * Commands over whichever line there is. Every command of the native vocabulary may be repeated: the server recognizes the repetition (by
 * clientMessageId, by call id) or it changes nothing. So an unknown outcome is met by asking again, over reconnects, until the deadline.
 */
export class Requests {
  readonly #connection: Connection;
  readonly #timings: RequestTimings;

  constructor(connection: Connection, timings: RequestTimings) {
    this.#connection = connection;
    this.#timings = timings;
  }

  async ask<C extends Command>(command: C, payload: object, options: AskOptions = {}): Promise<Acks[C]> {
    const { ackTimeoutMs, backoff } = this.#timings;
    const again = options.again ?? ((error: SwitchboardError) => error.retryable);
    const limit = deadline(options.deadlineMs ?? this.#timings.deadlineMs, command, options.signal);
    try {
      for (let attempt = 0; ; attempt += 1) {
        const { line } = await this.#connection.ready(limit.signal);
        try {
          const ack = line.request(command, payload, ackTimeoutMs);
          return (await unlessAborted(ack, limit.signal)) as Acks[C];
        } catch (failure) {
          const error = asSwitchboardError(failure);
          if (limit.signal.aborted) throw error;
          const unknown = error.code === 'NETWORK' || error.code === 'TIMEOUT';
          if (!unknown && !again(error)) throw error;
          // A broken line is waited for above; anything else would be refused again at once.
          const pause = unknown ? 0 : pauseMs(attempt, backoff, error.retryAfterMs);
          await sleep(pause, limit.signal);
        }
      }
    } finally {
      limit.clear();
    }
  }

  /** One attempt on the line there is now; for what is worth nothing later. */
  async tell<C extends Command>(command: C, payload: object): Promise<Acks[C]> {
    const { line } = this.#connection.current();
    return (await line.request(command, payload, this.#timings.ackTimeoutMs)) as Acks[C];
  }
}
