import type { Msg } from '@nats-io/transport-node';
import { nanos } from './jetstream.ts';

/** One delivery of an event by a consumer. The first of `ack`, `nak` and `term` settles it. */
export interface PulledEvent {
  /** Its place in the stream. */
  readonly seq: number;
  /** 1 for the first time. */
  readonly deliveryCount: number;
  text(): string;
  ack(): void;
  /** Deliver it again, after `delayMs` if given. */
  nak(delayMs?: number): void;
  /** Never deliver it again. */
  term(): void;
  /** The time in which it must be settled starts anew. */
  working(): void;
}

/** Where a delivery says what it is: `$JS.ACK.<stream>.<consumer>.<count>.<stream seq>.…`, with domain and account before the stream from servers that add them. */
const PLAIN_TOKENS = 9;
const LONG_OFFSET = 2;

/** @throws RangeError for a message that no consumer delivered. */
export function pulledEvent(message: Msg): PulledEvent {
  const tokens = (message.reply ?? '').split('.');
  const first = tokens.length > PLAIN_TOKENS ? LONG_OFFSET : 0;
  const [count, seq] = [Number(tokens[first + 4]), Number(tokens[first + 5])];
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK' || !Number.isInteger(count) || !Number.isInteger(seq)) {
    throw new RangeError('not delivered by a consumer');
  }
  let settled = false;
  const say = (words: string, final: boolean): void => {
    if (settled) return;
    settled = final;
    message.respond(words);
  };
  return {
    seq,
    deliveryCount: count,
    text: () => message.string(),
    ack: () => say('+ACK', true),
    nak: (delayMs) =>
      say(delayMs === undefined ? '-NAK' : `-NAK ${JSON.stringify({ delay: nanos(delayMs) })}`, true),
    term: () => say('+TERM', true),
    working: () => say('+WPI', false),
  };
}
