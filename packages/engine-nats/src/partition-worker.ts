import type { ConsumerOptions } from '@switchboard/ports';
import type { BusLogger } from '@switchboard/ports/engine';
import { BusEvent, SwitchboardError } from '@switchboard/protocol';
import {
  AckPolicy,
  type ConsumerInfo,
  type ConsumerMessages,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  nanos,
} from './jetstream.ts';
import type { Slots } from './slots.ts';
import { partitionFilter, type StreamName } from './subjects.ts';

/** An event whose instance died goes to another after this; a handler that takes longer says so in between. */
const ACK_WAIT_MS = 6_000;
const WORKING_EVERY_MS = 2_000;
const HEARTBEAT_MS = 1_000;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 10_000;
/** While what a handler needs is away the event is not to blame: it waits, tried this often, and not for ever. */
const AWAY_RETRY_MS = 1_000;
const MAX_AWAY = 900;
const FIRST_REJOIN_MS = 100;
const LAST_REJOIN_MS = 1_000;
const MISSING = [10014, 10059];

export interface PartitionWorkerParts {
  readonly js: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly stream: StreamName;
  readonly partition: number;
  readonly options: Required<ConsumerOptions>;
  /** Events older than this were there before anybody asked for them under this durable name. */
  readonly since: Date;
  readonly slots: Slots;
  readonly logger: BusLogger | undefined;
  readonly handler: (event: BusEvent) => Promise<void>;
  /** Resolves when the event is kept as a dead letter. */
  readonly setAside: (message: JsMsg, event: BusEvent | undefined) => Promise<void>;
  readonly ensureStream: () => Promise<void>;
}

export interface PartitionWorker {
  /** Resolves once it is known to the server, or has tried and goes on trying. */
  readonly joined: Promise<void>;
  /** Takes nothing more; resolves when the event in hand is done with. */
  stop(): Promise<void>;
}

/**
 * One instance's share of one partition of a durable name. The consumer on the server has one event in hand at a time, over all instances: the next comes when this one is
 * acknowledged, also when it has to be tried again first.
 */
export function startPartitionWorker(parts: PartitionWorkerParts): PartitionWorker {
  const { js, manager, stream, partition, options, logger, slots } = parts;
  const durable = `${options.durable}-p${partition}`;
  let stopping = false;
  /** How often the event in hand failed for what was away. */
  let away = { seq: 0, times: 0 };
  /** While an event is in hand no other is asked for. */
  let inHand = false;
  let leave: () => void = () => {};
  let joined: () => void = () => {};
  const known = new Promise<void>((resolve) => {
    joined = resolve;
  });

  const ensureConsumer = async (): Promise<ConsumerInfo> => {
    try {
      return await manager.consumers.info(stream, durable);
    } catch (error) {
      if (!(error instanceof JetStreamApiError && MISSING.includes(error.code))) throw error;
    }
    await parts.ensureStream();
    // Ours to make; when another instance was quicker, it made the same.
    return manager.consumers.add(stream, {
      durable_name: durable,
      filter_subject: partitionFilter(stream, partition),
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ACK_WAIT_MS),
      max_ack_pending: 1,
      // Counted by us, so that the last attempt can be told from the ones before.
      max_deliver: -1,
      deliver_policy: DeliverPolicy.StartTime,
      opt_start_time: parts.since.toISOString(),
    });
  };

  const work = async (message: JsMsg): Promise<void> => {
    const alive = setInterval(() => message.working(), WORKING_EVERY_MS);
    inHand = true;
    try {
      const slot = await slots.take();
      if (!slot) {
        message.nak();
        return;
      }
      try {
        await handle(message);
      } finally {
        slot();
      }
    } finally {
      inHand = false;
      clearInterval(alive);
    }
  };

  const handle = async (message: JsMsg): Promise<void> => {
    const event = parse(message);
    if (event && !options.types.includes(event.type)) {
      message.ack();
      return;
    }
    if (away.seq !== message.seq) away = { seq: message.seq, times: 0 };
    const attempt = message.info.deliveryCount - away.times;
    try {
      if (!event) throw new Error('not an event of ours');
      await parts.handler(event);
      message.ack();
    } catch (err) {
      const facts = { durable: options.durable, eventId: event?.id, type: event?.type, attempt, err };
      logger?.warn(facts, 'an event handler threw');
      if (event && err instanceof SwitchboardError && err.retryable && away.times < MAX_AWAY) {
        away.times += 1;
        message.nak(Math.min(FIRST_RETRY_MS * 2 ** (away.times - 1), AWAY_RETRY_MS));
        return;
      }
      if (attempt < options.maxDeliver && event) {
        message.nak(Math.min(FIRST_RETRY_MS * 4 ** (attempt - 1), LAST_RETRY_MS));
        return;
      }
      await parts.setAside(message, event);
      logger?.error({ durable: options.durable, eventId: event?.id }, 'an event became a dead letter');
      message.term();
    }
  };

  /** A consumer that says nothing may be gone, with a server that came back empty or by an operator's hand. */
  const makeAnew = async (messages: ConsumerMessages): Promise<void> => {
    let looking = false;
    for await (const { type } of messages.status()) {
      const silent = type === 'consumer_deleted' || (type === 'heartbeats_missed' && !inHand);
      if (!silent || looking) continue;
      looking = true;
      // Nobody may lead it, or no server be there: it keeps silent, and is looked at again.
      void ensureConsumer()
        .catch(() => undefined)
        .finally(() => {
          looking = false;
        });
    }
  };

  const run = async (): Promise<void> => {
    let wait = FIRST_REJOIN_MS;
    while (!stopping) {
      try {
        const consumer = js.consumers.getConsumerFromInfo(await ensureConsumer());
        const messages = await consumer.consume({
          max_messages: 1,
          idle_heartbeat: HEARTBEAT_MS,
          // Silence is answered by asking for the next event again, at once: a look at the consumer first would, after one that failed, be repeated as late as a request
          // for an event expires, and a new leader would wait for us until then.
          bind: true,
        });
        leave = () => messages.stop();
        void makeAnew(messages);
        joined();
        wait = FIRST_REJOIN_MS;
        if (stopping) messages.stop();
        for await (const message of messages) await work(message);
      } catch (err) {
        if (stopping) return;
        logger?.warn(
          { durable: options.durable, stream, partition, err },
          'a consumer was lost, joining again',
        );
      }
      joined();
      if (stopping) return;
      await new Promise<void>((resolve) => void setTimeout(resolve, wait).unref());
      wait = Math.min(wait * 2, LAST_REJOIN_MS);
    }
  };

  const running = run();
  return {
    joined: known,
    async stop() {
      stopping = true;
      leave();
      await running;
    },
  };
}

function parse(message: JsMsg): BusEvent | undefined {
  try {
    const parsed = BusEvent.safeParse(message.json());
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
