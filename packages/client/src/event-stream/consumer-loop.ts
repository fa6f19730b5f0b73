import {
  AckPolicy,
  type ConsumerMessages,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { Event } from './event-types.ts';
import type { ConsumerPlan } from './subjects.ts';
import type { EventInfo } from './subscribe-events.ts';

export interface ConsumerLoop {
  readonly js: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly plan: ConsumerPlan;
  readonly types: ReadonlySet<string>;
  readonly concurrency: number;
  /** Undefined: everything that is kept. */
  readonly since: Date | undefined;
  readonly handler: (event: Event, info: EventInfo) => Promise<void> | void;
  readonly onProblem: (problem: Error) => void;
  /** Aborted: no more events are taken. */
  readonly signal: AbortSignal;
}

/** What a process that died had in hand comes again after this. */
const ACK_WAIT_MS = 20_000;
const WORKING_EVERY_MS = 5_000;
const HEARTBEAT_MS = 5_000;
const FIRST_RETRY_MS = 1_000;
/** Not at once: what a closing consumer asked for last must not be answered with what it gave back. */
const GIVE_BACK_MS = 250;
const LAST_RETRY_MS = 5 * 60_000;
const FIRST_REJOIN_MS = 250;
const LAST_REJOIN_MS = 5_000;
const CONSUMER_NOT_FOUND = 10_014;

/** Takes events from one durable consumer for as long as it is let, and makes the consumer when it is not there. */
export function startConsumerLoop(parts: ConsumerLoop): {
  /** Resolves when the consumer is there, or was tried for and is tried for on. */
  readonly joined: Promise<void>;
  /** Asks for no more. */
  leave(): void;
  /** Tells the handlers that they come to an end; resolves when nothing is in hand. */
  stop(): Promise<void>;
} {
  const { js, manager, plan, concurrency, signal, onProblem } = parts;
  const { stream, name, filter } = plan;
  const inHand = new Map<Promise<void>, AbortController>();
  let messages: ConsumerMessages | undefined;
  /** It was there and is gone, or its stream was not there when we came: what was published meanwhile is ours, too. */
  let missed = false;
  let joined: () => void = () => undefined;
  const known = new Promise<void>((resolve) => {
    joined = resolve;
  });

  /** A start time would be simpler, but servers before 2.10 refuse every change of a consumer that has one. */
  const beginning = () => {
    if (!parts.since) return { deliver_policy: DeliverPolicy.All };
    if (!missed) return { deliver_policy: DeliverPolicy.New };
    return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: parts.since.toISOString() };
  };

  const ensure = async (): Promise<void> => {
    try {
      const { config } = await manager.consumers.info(stream, name);
      if (config.max_ack_pending !== concurrency) {
        await manager.consumers.update(stream, name, { max_ack_pending: concurrency });
      }
    } catch (error) {
      if (!(error instanceof JetStreamApiError)) throw error;
      if (error.code !== CONSUMER_NOT_FOUND) {
        missed = true;
        throw error;
      }
      await manager.consumers.add(stream, {
        durable_name: name,
        filter_subject: filter,
        ack_policy: AckPolicy.Explicit,
        ack_wait: nanos(ACK_WAIT_MS),
        max_ack_pending: concurrency,
        max_deliver: -1,
        ...beginning(),
      });
    }
  };

  const run = async (): Promise<void> => {
    let wait = FIRST_REJOIN_MS;
    while (!signal.aborted) {
      try {
        await ensure();
        const consumer = await js.consumers.get(stream, name);
        missed = true;
        messages = await consumer.consume({
          max_messages: concurrency,
          idle_heartbeat: HEARTBEAT_MS,
          abort_on_missing_resource: true,
        });
        joined();
        wait = FIRST_REJOIN_MS;
        if (signal.aborted) messages.stop();
        for await (const message of messages) {
          const ending = new AbortController();
          const work = handle(parts, message, ending.signal).finally(() => inHand.delete(work));
          inHand.set(work, ending);
        }
      } catch (error) {
        if (!signal.aborted) onProblem(problem(`the events of ${stream} are away`, error));
      }
      joined();
      await pause(wait, signal);
      wait = Math.min(wait * 2, LAST_REJOIN_MS);
    }
  };
  const running = run();

  return {
    joined: known,
    leave: () => messages?.stop(),
    async stop() {
      messages?.stop();
      for (const ending of inHand.values()) ending.abort();
      await running;
      await Promise.all(inHand.keys());
    },
  };
}

/** Never rejects. */
async function handle(parts: ConsumerLoop, message: JsMsg, signal: AbortSignal): Promise<void> {
  const attempt = message.info.deliveryCount;
  const type = message.headers?.get('ce-type') || message.subject.replace(/\.p\d+$/, '');
  if (!parts.types.has(type)) {
    message.ack();
    return;
  }
  if (parts.signal.aborted) {
    message.nak(GIVE_BACK_MS);
    return;
  }
  const alive = setInterval(() => message.working(), WORKING_EVERY_MS);
  try {
    const subject = message.headers?.get('ce-subject') ?? '';
    await parts.handler(message.json<Event>(), { attempt, subject, signal });
    message.ack();
  } catch (error) {
    const pause = Math.min(FIRST_RETRY_MS * 2 ** (attempt - 1), LAST_RETRY_MS);
    message.nak(signal.aborted ? GIVE_BACK_MS : pause);
    parts.onProblem(problem(`${type} was not handled, attempt ${attempt}`, error));
  } finally {
    clearInterval(alive);
  }
}

function problem(words: string, cause: unknown): Error {
  return new Error(words, { cause });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
