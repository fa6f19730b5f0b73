import { setTimeout } from 'node:timers/promises';
import type { Bus } from '@switchboard/ports';
import { type BusLogger, wired } from '@switchboard/ports/engine';
import { BusEvent, SwitchboardError, unavailable } from '@switchboard/protocol';
import { cloudEventHeaders } from './cloud-events.ts';
import { type NatsLink, reaching } from './connect.ts';
import {
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  type MsgHdrs,
} from './jetstream.ts';
import { type PartitionWorker, startPartitionWorker } from './partition-worker.ts';
import { createSlots } from './slots.ts';
import { ensureStream, type StreamSettings } from './streams.ts';
import { DEAD_STREAM, deadSubject, PARTITIONS, type StreamName, streamOf, subjectOf } from './subjects.ts';

const DEFAULT_MAX_DELIVER = 5;
const DEFAULT_CONCURRENCY = 64;
const MANAGER_TIMEOUT_MS = 3_000;
const PUBLISH_TIMEOUT_MS = 1_000;
/** While its stream has no leader, nobody takes an event: it is said again, this soon at first and this late at most, until it is given up. */
const FIRST_AGAIN_MS = 250;
const LAST_AGAIN_MS = 1_000;
const GIVE_UP_MS = 6_000;

export interface Events extends Pick<Bus, 'publish' | 'consume'> {
  readonly deadLetters: number;
  close(): Promise<void>;
}

/** Durable events over JetStream. */
export async function createEvents(
  link: NatsLink,
  settings: StreamSettings,
  logger: BusLogger | undefined,
): Promise<Events> {
  const js: JetStreamClient = jetstream(link.nats, { timeout: PUBLISH_TIMEOUT_MS });
  const manager: JetStreamManager = await jetstreamManager(link.nats, {
    timeout: MANAGER_TIMEOUT_MS,
    checkAPI: false,
  });
  const consumers = new Set<AsyncDisposable>();
  let deadLetters = 0;
  let closed = false;

  const ensure = (stream: StreamName | typeof DEAD_STREAM) => ensureStream(manager, stream, settings);

  const looking = new Set<string>();
  /** Makes a stream that is gone. Without a leader it cannot be asked after, and the answer is not waited for: one question a stream is under way. */
  const look = (stream: StreamName | typeof DEAD_STREAM): void => {
    if (looking.has(stream)) return;
    looking.add(stream);
    void ensure(stream)
      .catch(() => undefined)
      .finally(() => looking.delete(stream));
  };

  /** Resolves when the stream has it. */
  const store = async (
    stream: StreamName | typeof DEAD_STREAM,
    subject: string,
    text: string,
    msgID: string,
    headers?: MsgHdrs,
  ) => {
    const giveUp = performance.now() + GIVE_UP_MS;
    for (let againMs = FIRST_AGAIN_MS; ; againMs = Math.min(2 * againMs, LAST_AGAIN_MS)) {
      try {
        await js.publish(subject, text, { msgID, ...(headers ? { headers } : {}) });
        return;
      } catch (error) {
        if (performance.now() >= giveUp || !link.up) throw error;
        look(stream);
        await setTimeout(againMs);
      }
    }
  };

  return {
    get deadLetters() {
      return deadLetters;
    },

    async publish(event) {
      if (closed) throw unavailable('the bus');
      const parsed = BusEvent.safeParse(wired(event));
      if (!parsed.success) throw new SwitchboardError({ code: 'INTERNAL', message: 'not a bus event' });
      const { id, type } = parsed.data;
      const text = JSON.stringify(parsed.data);
      const headers = cloudEventHeaders(parsed.data);
      await reaching(link, 'the bus', () => store(streamOf(type), subjectOf(parsed.data), text, id, headers));
    },

    async consume(asked, handler) {
      if (closed) throw unavailable('the bus');
      const concurrency = asked.concurrency ?? DEFAULT_CONCURRENCY;
      const consumer = {
        ...asked,
        concurrency,
        maxDeliver: asked.maxDeliver ?? DEFAULT_MAX_DELIVER,
      };
      const slots = createSlots(concurrency);
      const since = new Date();
      const streams = [...new Set(asked.types.map(streamOf))];
      const workers: PartitionWorker[] = [];
      await reaching(link, 'the bus', () => Promise.all(streams.map(ensure)));
      for (const stream of streams) {
        for (let partition = 0; partition < PARTITIONS; partition += 1) {
          workers.push(
            startPartitionWorker({
              link,
              manager,
              stream,
              partition,
              options: consumer,
              since,
              slots,
              logger,
              handler,
              ensureStream: () => ensure(stream),
              async setAside(message, event) {
                const subject = deadSubject(asked.durable, event?.type);
                await ensure(DEAD_STREAM);
                await store(
                  DEAD_STREAM,
                  subject,
                  message.text(),
                  `${asked.durable}:${stream}:${message.seq}`,
                );
                deadLetters += 1;
              },
            }),
          );
        }
      }
      await Promise.all(workers.map((worker) => worker.joined));
      const stop: AsyncDisposable = {
        async [Symbol.asyncDispose]() {
          consumers.delete(stop);
          slots.close();
          await Promise.all(workers.map((worker) => worker.stop()));
          // Acknowledgements reach the server before the others are expected to go on.
          if (link.up) await link.nats.flush().catch(() => undefined);
        },
      };
      consumers.add(stop);
      return stop;
    },

    async close() {
      closed = true;
      await Promise.all([...consumers].map((each) => each[Symbol.asyncDispose]()));
    },
  };
}
