import type { ConsumerOptions } from '@switchboard/ports';
import type { BusLogger } from '@switchboard/ports/engine';
import { BusEvent, SwitchboardError } from '@switchboard/protocol';
import type { NatsLink } from './connect.ts';
import { startPulling } from './event-puller.ts';
import { AckPolicy, DeliverPolicy, JetStreamApiError, type JetStreamManager, nanos } from './jetstream.ts';
import type { PulledEvent } from './pulled-event.ts';
import type { Slots } from './slots.ts';
import { partitionFilter, type StreamName } from './subjects.ts';

/** An event whose instance died goes to another after this; a handler that takes longer says so in between. */
const ACK_WAIT_MS = 6_000;
const WORKING_EVERY_MS = 2_000;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 10_000;
/** While what a handler needs is away the event is not to blame: it waits, tried this often, and not for ever. */
const AWAY_RETRY_MS = 1_000;
const MAX_AWAY = 900;
/** No such consumer, no such stream. */
const MISSING = [10014, 10059];

export interface PartitionWorkerParts {
  readonly link: NatsLink;
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
  readonly setAside: (message: PulledEvent, event: BusEvent | undefined) => Promise<void>;
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
  const { link, manager, stream, partition, options, logger, slots } = parts;
  const durable = `${options.durable}-p${partition}`;
  let stopping = false;
  /** How often the event in hand failed for what was away. */
  let away = { seq: 0, times: 0 };

  const ensureConsumer = async (): Promise<void> => {
    try {
      await manager.consumers.info(stream, durable);
      return;
    } catch (error) {
      if (!(error instanceof JetStreamApiError && MISSING.includes(error.code))) throw error;
    }
    await parts.ensureStream();
    // Ours to make; when another instance was quicker, it made the same.
    await manager.consumers.add(stream, {
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

  const work = async (message: PulledEvent): Promise<void> => {
    const alive = setInterval(() => message.working(), WORKING_EVERY_MS);
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
      clearInterval(alive);
    }
  };

  const handle = async (message: PulledEvent): Promise<void> => {
    const event = parse(message);
    if (event && !options.types.includes(event.type)) {
      message.ack();
      return;
    }
    if (away.seq !== message.seq) away = { seq: message.seq, times: 0 };
    const attempt = message.deliveryCount - away.times;
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

  let looking = false;
  /** A consumer that says nothing may be gone, with a server that came back empty or by an operator's hand; or nobody leads it, and it is looked at again. */
  const look = (): void => {
    if (looking || stopping) return;
    looking = true;
    void ensureConsumer()
      .catch(() => undefined)
      .finally(() => {
        looking = false;
      });
  };

  const puller = startPulling({ link, stream, durable, onSilence: look });
  const join = async (): Promise<void> => {
    try {
      await ensureConsumer();
    } catch (err) {
      logger?.warn({ durable, stream, err }, 'a consumer could not be joined, trying on');
    }
  };
  const run = async (): Promise<void> => {
    for (let message = await puller.next(); message; message = await puller.next()) {
      try {
        await work(message);
      } catch (err) {
        // Comes again when its time to be settled is over.
        logger?.warn({ durable, stream, seq: message.seq, err }, 'an event could not be set aside');
      }
    }
  };

  const joined = join();
  const running = joined.then(run);
  return {
    joined,
    async stop() {
      stopping = true;
      await Promise.all([puller.stop(), running]);
    },
  };
}

function parse(message: PulledEvent): BusEvent | undefined {
  try {
    const parsed = BusEvent.safeParse(JSON.parse(message.text()));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
