import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { type ConsumerLoop, startConsumerLoop } from './consumer-loop.ts';
import type { EventOf, EventType } from './event-types.ts';
import { consumerPlans } from './subjects.ts';

/** What is known of one delivery of an event. */
export interface EventInfo {
  /** 1 when it comes for the first time; more after a failure, or after whoever had it died. */
  readonly attempt: number;
  /** What the event is about: events with the same subject come in order. */
  readonly subject: string;
  /** Aborted when the subscription closes: what is not done soon comes again elsewhere. */
  readonly signal: AbortSignal;
}

export interface EventStreamOptions<T extends EventType = EventType> {
  /** `host:port` of the NATS servers. */
  readonly servers: string | readonly string[];
  readonly user?: string;
  readonly pass?: string;
  readonly tls?: boolean;
  /** Instances with the same name share the events, and whoever comes back under it goes on where it was: letters, digits, `-`, `_`. */
  readonly durable: string;
  readonly types: readonly T[];
  /**
   * subject (default): events about the same thing one after the other, over all instances; an event that fails holds up those behind it. none: up to `concurrency` at once, in any order,
   * for handlers that keep events for long.
   */
  readonly order?: 'subject' | 'none';
  /** Default 64. With order `subject` at most eight events of a stream are in hand, whatever this says. */
  readonly concurrency?: number;
  /** Where a name that is not known yet begins: with what comes from now on (default), or with all that is kept. */
  readonly from?: 'now' | 'start';
  /** Told of what failed and goes on by itself: a handler that threw, a server that is away. Never of an event's content. */
  readonly onProblem?: (problem: Error) => void;
}

export interface EventSubscription extends AsyncDisposable {
  /** Takes nothing more, and gives handlers in hand up to `withinMs` (default 5 000); what is not done then comes again. */
  close(withinMs?: number): Promise<void>;
}

const RECONNECT_WAIT_MS = 500;
const CLOSE_MS = 5_000;
/** A server that is away must not keep us from ending. */
const FLUSH_MS = 1_000;

/**
 * Subscribes to the events of Switchboard, durably: at least once. An event counts as handled when the handler's promise resolves, however long that takes; when it rejects the
 * event comes again after a while, longer each time, and when the process dies after some twenty seconds. Connections that are lost come back, consumers that are gone with a
 * server that came back empty are made again. For Node only.
 * @throws when no server can be reached, or it refuses the credentials.
 */
export async function subscribeEvents<T extends EventType>(
  options: EventStreamOptions<T>,
  handler: (event: EventOf<T>, info: EventInfo) => Promise<void> | void,
): Promise<EventSubscription> {
  const { durable, types, order = 'subject', user, pass, tls, onProblem } = options;
  if (!/^[\w-]{1,64}$/.test(durable)) throw new RangeError('durable: letters, digits, - and _ alone');
  const plans = consumerPlans(durable, types, order === 'subject');
  const nats = await connect({
    servers: typeof options.servers === 'string' ? options.servers : [...options.servers],
    ...(user === undefined ? {} : { user, pass: pass ?? '' }),
    ...(tls ? { tls: {} } : {}),
    name: durable,
    // The one prefix that such services may listen on: what others are answered is none of their business.
    inboxPrefix: '_INBOX_events',
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_WAIT_MS,
    pingInterval: 5_000,
  });
  const stopping = new AbortController();
  const shared = {
    js: jetstream(nats),
    manager: await jetstreamManager(nats, { checkAPI: false }),
    types: new Set<string>(types),
    concurrency: order === 'subject' ? 1 : (options.concurrency ?? 64),
    since: options.from === 'start' ? undefined : new Date(),
    handler: handler as ConsumerLoop['handler'],
    onProblem: onProblem ?? (() => undefined),
    signal: stopping.signal,
  };
  const loops = plans.map((plan) => startConsumerLoop({ ...shared, plan }));
  await Promise.all(loops.map((loop) => loop.joined));

  let closing: Promise<void> | undefined;
  const shutDown = async (withinMs: number): Promise<void> => {
    stopping.abort();
    for (const loop of loops) loop.leave();
    await within(FLUSH_MS, nats.flush());
    await within(withinMs, Promise.all(loops.map((loop) => loop.stop())));
    // What was acknowledged last must reach the server.
    await within(FLUSH_MS, nats.flush());
    await nats.close();
  };
  const close = (withinMs = CLOSE_MS): Promise<void> => {
    closing ??= shutDown(withinMs);
    return closing;
  };
  return { close, [Symbol.asyncDispose]: () => close() };
}

/** Resolves when the work is done, has failed, or the time is over. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}
