import type { Clock, ConsumerOptions } from '@switchboard/ports';
import type { BusLogger } from '@switchboard/ports/engine';
import { createInHand, type InHand } from '@switchboard/ports/engine';
import { BusEvent, type EventType, unavailable } from '@switchboard/protocol';
import { hop } from '../hop.ts';
import type { Cause, Causes } from './causes.ts';

const DEFAULT_MAX_DELIVER = 5;
const DEFAULT_CONCURRENCY = 64;
/** Events that wait for one durable name; past it publishing is refused. */
export const MAX_BACKLOG = 10_000;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 10_000;

/** One event on its way to one durable name. */
export interface Delivery {
  readonly event: { readonly id: string; readonly type: EventType; readonly json: string };
  readonly cause: Cause | undefined;
  attempts: number;
  settled: boolean;
  /** Told once, when the event is handled or set aside; never before `enqueue` has returned. */
  readonly onSettled: () => void;
  readonly waiters: Set<{ resolve(): void; reject(error: unknown): void }>;
}

/** The events of one ordering key, first come first served. `held` while its head is being handled or waits for a retry. */
interface Lane {
  readonly key: string;
  readonly queue: Delivery[];
  held: boolean;
}

interface Instance {
  readonly options: ConsumerOptions;
  readonly handler: (event: BusEvent) => Promise<void>;
  readonly inHand: InHand;
}

export interface DeadLetter {
  readonly durable: string;
  readonly event: BusEvent;
  readonly attempts: number;
}

interface Setting {
  readonly clock: Clock;
  readonly causes: Causes;
  readonly logger: BusLogger | undefined;
  readonly setAside: (letter: DeadLetter) => void;
}

/** What one durable name has yet to handle, and the instances that share it. */
export class Durable {
  readonly name: string;
  readonly types: ReadonlySet<EventType>;
  readonly #setting: Setting;
  readonly #lanes = new Map<string, Lane>();
  readonly #ready: Lane[] = [];
  readonly #instances: Instance[] = [];
  readonly #retries = new Set<Disposable>();
  #backlog = 0;
  #leaving = 0;
  #closed = false;

  constructor(name: string, types: readonly EventType[], setting: Setting) {
    this.name = name;
    this.types = new Set(types);
    this.#setting = setting;
  }

  get full(): boolean {
    return this.#backlog >= MAX_BACKLOG;
  }

  enqueue(event: Delivery['event'], key: string, cause: Cause | undefined, onSettled: () => void): Delivery {
    const delivery: Delivery = { event, cause, attempts: 0, settled: false, onSettled, waiters: new Set() };
    const lane = this.#lanes.get(key) ?? { key, queue: [], held: false };
    this.#lanes.set(key, lane);
    lane.queue.push(delivery);
    this.#backlog++;
    if (lane.queue.length === 1 && !lane.held) this.#ready.push(lane);
    this.#pump();
    return delivery;
  }

  /** Resolves when the event is handled or set aside; rejects, the event still queued, once nobody is left to handle it. */
  settled(delivery: Delivery): Promise<void> {
    if (delivery.settled) return Promise.resolve();
    if (this.#stranded) return Promise.reject(unavailable(this.name));
    return new Promise((resolve, reject) => delivery.waiters.add({ resolve, reject }));
  }

  join(options: ConsumerOptions, handler: Instance['handler']): AsyncDisposable {
    const instance: Instance = { options, handler, inHand: createInHand() };
    this.#instances.push(instance);
    this.#pump();
    return { [Symbol.asyncDispose]: () => this.#leave(instance) };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const retry of this.#retries) retry[Symbol.dispose]();
    await Promise.all(this.#instances.map((instance) => this.#leave(instance)));
  }

  get #stranded(): boolean {
    return this.#instances.length === 0 && this.#leaving === 0;
  }

  async #leave(instance: Instance): Promise<void> {
    const at = this.#instances.indexOf(instance);
    if (at < 0) return instance.inHand.idle();
    this.#instances.splice(at, 1);
    this.#leaving++;
    await instance.inHand.idle();
    this.#leaving--;
    if (!this.#stranded) return;
    for (const lane of this.#lanes.values()) {
      for (const delivery of lane.queue) {
        for (const waiter of delivery.waiters) waiter.reject(unavailable(this.name));
        delivery.waiters.clear();
      }
    }
  }

  /** The next instance with room, in turn. */
  #free(): Instance | undefined {
    const at = this.#instances.findIndex(
      ({ inHand, options }) => inHand.size < (options.concurrency ?? DEFAULT_CONCURRENCY),
    );
    const [instance] = at < 0 ? [] : this.#instances.splice(at, 1);
    if (instance) this.#instances.push(instance);
    return instance;
  }

  #pump(): void {
    while (!this.#closed && this.#ready.length > 0) {
      const instance = this.#free();
      const lane = instance && this.#ready.shift();
      const delivery = lane?.queue[0];
      if (!instance || !lane || !delivery) return;
      lane.held = true;
      instance.inHand.enter();
      void this.#handle(instance, lane, delivery);
    }
  }

  async #handle(instance: Instance, lane: Lane, delivery: Delivery): Promise<void> {
    await hop();
    delivery.attempts++;
    const { json, id, type } = delivery.event;
    const event = BusEvent.parse(JSON.parse(json));
    const { causes, logger, setAside } = this.#setting;
    let effects: Promise<unknown>[] = [];
    let failed = false;
    try {
      effects = await causes.during(this, delivery.cause, () => instance.handler(event));
    } catch (err) {
      failed = true;
      const facts = { durable: this.name, eventId: id, type, attempt: delivery.attempts, err };
      logger?.warn(facts, 'an event handler threw');
    }
    if (!failed) this.#done(lane, delivery, effects);
    else if (delivery.attempts < (instance.options.maxDeliver ?? DEFAULT_MAX_DELIVER)) {
      this.#retry(lane, delivery.attempts);
    } else {
      logger?.error({ durable: this.name, eventId: id, type }, 'an event became a dead letter');
      setAside({ durable: this.name, event: BusEvent.parse(JSON.parse(json)), attempts: delivery.attempts });
      this.#done(lane, delivery, []);
    }
    instance.inHand.leave();
    this.#pump();
  }

  #done(lane: Lane, delivery: Delivery, effects: readonly Promise<unknown>[]): void {
    lane.queue.shift();
    this.#backlog--;
    this.#letGo(lane);
    void Promise.allSettled(effects).then(() => {
      delivery.settled = true;
      for (const waiter of delivery.waiters) waiter.resolve();
      delivery.waiters.clear();
      delivery.onSettled();
    });
  }

  /** The lane waits with its head, for order's sake; the other lanes go on. */
  #retry(lane: Lane, attempts: number): void {
    const wait = Math.min(FIRST_RETRY_MS * 4 ** (attempts - 1), LAST_RETRY_MS);
    const retry = this.#setting.clock.after(wait, () => {
      this.#retries.delete(retry);
      this.#letGo(lane);
      this.#pump();
    });
    this.#retries.add(retry);
  }

  #letGo(lane: Lane): void {
    lane.held = false;
    if (lane.queue.length > 0) this.#ready.push(lane);
    else this.#lanes.delete(lane.key);
  }
}
