import type { Msg } from '@nats-io/transport-node';
import type { NatsLink } from './connect.ts';
import { nanos } from './jetstream.ts';
import { type PulledEvent, pulledEvent } from './pulled-event.ts';

const HEARTBEAT_MS = 1_000;
/** Two heartbeats and a moment. */
const SILENCE_MS = 2_500;
const EXPIRES_MS = 30_000;
/** Until a consumer that cannot be asked is asked again. */
const ASK_AGAIN_MS = 250;
const HEARTBEAT = 100;
const REQUEST_TIMEOUT = 408;

export interface PullerParts {
  readonly link: NatsLink;
  readonly stream: string;
  /** The consumer's name. */
  readonly durable: string;
  /** Told, again and again, while the consumer says nothing or cannot be reached. */
  readonly onSilence: () => void;
}

export interface EventPuller {
  /** Resolves with the next event, whatever becomes of servers meanwhile; with undefined once stopped. One at a time. */
  next(): Promise<PulledEvent | undefined>;
  /** Resolves when what was on its way to us is given back. */
  stop(): Promise<void>;
}

/**
 * Asks a consumer for one event after the other. At most one request is out at a time: one that is lost with its server is noticed by its missing heartbeats and made
 * again, whoever leads the consumer by then, and what an older one is told is not listened to.
 */
export function startPulling({ link, stream, durable, onSilence }: PullerParts): EventPuller {
  const { nats } = link;
  const ask = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`;
  const request = JSON.stringify({
    batch: 1,
    expires: nanos(EXPIRES_MS),
    idle_heartbeat: nanos(HEARTBEAT_MS),
  });
  const inbox = link.newInbox();
  /** Also those that an older request still brought. */
  const arrived: PulledEvent[] = [];
  let asked = 0;
  let waiting: ((event: PulledEvent | undefined) => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  const after = (ms: number, work: () => void): void => {
    clearTimeout(timer);
    timer = setTimeout(work, ms);
  };
  const askNow = (): void => {
    if (!link.up) {
      // Kept by the client it would go out with many of its kind.
      after(ASK_AGAIN_MS, askNow);
      return;
    }
    asked += 1;
    nats.publish(ask, request, { reply: `${inbox}.${asked}` });
    after(SILENCE_MS, askAgain);
  };
  const askAgain = (): void => {
    onSilence();
    askNow();
  };
  const give = (event: PulledEvent | undefined): void => {
    clearTimeout(timer);
    const taker = waiting;
    waiting = undefined;
    taker?.(event);
  };

  const hear = (message: Msg): void => {
    const code = message.headers?.code ?? 0;
    if (code === 0) {
      const event = pulledEvent(message);
      if (stopped) event.nak();
      else if (waiting) give(event);
      else arrived.push(event);
      return;
    }
    if (!waiting || message.subject !== `${inbox}.${asked}`) return;
    if (code === HEARTBEAT) after(SILENCE_MS, askAgain);
    else if (code === REQUEST_TIMEOUT) askNow();
    // No leader, no consumer, no stream, or a server that is about to go.
    else after(ASK_AGAIN_MS, askAgain);
  };
  const subscription = nats.subscribe(`${inbox}.*`, {
    callback: (error, message) => {
      if (!error) hear(message);
    },
  });

  return {
    next() {
      if (stopped) return Promise.resolve(undefined);
      const event = arrived.shift();
      if (event) return Promise.resolve(event);
      return new Promise((resolve) => {
        waiting = resolve;
        askNow();
      });
    },
    async stop() {
      stopped = true;
      give(undefined);
      for (const event of arrived.splice(0)) event.nak();
      // Another instance would have to wait for what only its time runs out on.
      if (link.up) await subscription.drain().catch(() => undefined);
      else subscription.unsubscribe();
    },
  };
}
