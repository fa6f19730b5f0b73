import type {
  BusEvent,
  EventType,
  NodeId,
  Notice,
  RequestName,
  RequestPayload,
  RequestReply,
  Result,
} from '@switchboard/protocol';

export interface RequestOptions {
  /** Default 5 000. Past it the outcome is unknown. */
  readonly timeoutMs?: number;
}

export interface ConsumerOptions {
  /** Instances with the same name share the events: each event goes to one of them. */
  readonly durable: string;
  readonly types: readonly EventType[];
  /** Attempts before an event is set aside as a dead letter. Default 5. */
  readonly maxDeliver?: number;
  /** Events with different ordering keys handled at once. Default 64. */
  readonly concurrency?: number;
}

export interface BusHealth {
  readonly up: boolean;
  readonly deadLetters: number;
}

/**
 * How services meet. Payloads are copied and validated on the way: nobody shares an object with anybody.
 *
 * Failure: every method rejects with a retryable SERVICE_UNAVAILABLE while the bus is away; `request` also when no
 * instance serves the name or the time is over, in which case the other side may or may not have acted.
 */
export interface Bus {
  /** One instance of the owning service answers. A foreseen refusal is a value, not a throw. */
  request<N extends RequestName>(
    name: N,
    payload: RequestPayload<N>,
    options?: RequestOptions,
  ): Promise<Result<RequestReply<N>>>;

  /** Joins the queue group of `name`. What the handler throws becomes INTERNAL (or the SwitchboardError's rejection). Disposing finishes requests in hand. */
  serve<N extends RequestName>(
    name: N,
    handler: (payload: RequestPayload<N>) => Promise<Result<RequestReply<N>>>,
  ): Promise<AsyncDisposable>;

  /**
   * Resolves once a crash of this process can no longer lose the event: stored by the broker, or, where there is none,
   * handled (or set aside) by every durable consumer. Publishing the same event id again has no effect within two minutes.
   */
  publish(event: BusEvent): Promise<void>;

  /**
   * At least once, to one instance per durable name, in publish order per ordering key. A handler that throws is tried again with
   * back-off, then the event becomes a dead letter. Disposing waits for handlers in hand; what was not handled goes to the other instances.
   */
  consume(options: ConsumerOptions, handler: (event: BusEvent) => Promise<void>): Promise<AsyncDisposable>;

  /** At most once, to every listening instance, or only to those of one node. */
  notify(notice: Notice, to?: NodeId): Promise<void>;
  listen(handler: (notice: Notice) => void, node?: NodeId): Promise<AsyncDisposable>;

  health(): BusHealth;
  /** Drains: no new work in, work in hand finished, then closed. */
  close(): Promise<void>;
}
