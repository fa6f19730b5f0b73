import type { Bus, Clock } from '@switchboard/ports';
import type { BusLogger } from '@switchboard/ports/engine';
import { wired } from '@switchboard/ports/engine';
import { BusEvent, orderingKey, SwitchboardError, unavailable } from '@switchboard/protocol';
import { hop } from '../hop.ts';
import { type Cause, createCauses, leadsBack } from './causes.ts';
import { type DeadLetter, type Delivery, Durable } from './durable.ts';

const DEDUPE_MS = 2 * 60 * 1000;
const MAX_REMEMBERED = 200_000;
const MAX_DEAD_LETTERS = 1_000;
/** How long a publisher waits for the handlers; then it hears "unknown, try again" and the event stays queued. */
const PUBLISH_TIMEOUT_MS = 30_000;

type Deliveries = readonly { readonly durable: Durable; readonly delivery: Delivery }[];

/** What stays of an event that is settled everywhere: its id is remembered, its body is not. */
const SETTLED: Deliveries = [];

interface Published {
  /** Hold the event's body, hence emptied as soon as the last durable name has settled it. */
  deliveries: Deliveries;
  readonly until: number;
}

export interface Events extends Pick<Bus, 'publish' | 'consume'> {
  readonly deadLetterCount: number;
  /** Events whose bodies are remembered, for a durable name has yet to settle them. */
  readonly unsettledCount: number;
  deadLetters(): readonly DeadLetter[];
  close(): Promise<void>;
}

/** Durable names and their queues. Nothing outlives the process, so publishing waits for the handlers. */
export function createEvents(clock: Clock, logger: BusLogger | undefined): Events {
  const durables = new Map<string, Durable>();
  const published = new Map<string, Published>();
  const letters: DeadLetter[] = [];
  const causes = createCauses();
  let deadLetterCount = 0;
  let closed = false;

  const setAside = (letter: DeadLetter): void => {
    deadLetterCount++;
    letters.push(letter);
    if (letters.length > MAX_DEAD_LETTERS) letters.shift();
  };

  /** Insertion order is order of expiry. */
  const forget = (now: number): void => {
    for (const [id, { until }] of published) {
      if (until > now && published.size <= MAX_REMEMBERED) return;
      published.delete(id);
    }
  };

  const spread = (event: BusEvent, cause: Cause | undefined): Published => {
    const receivers = [...durables.values()].filter(({ types }) => types.has(event.type));
    if (receivers.some((durable) => durable.full)) throw unavailable('the bus');
    const parcel = { id: event.id, type: event.type, json: JSON.stringify(event) };
    const key = orderingKey(event);
    const entry: Published = { deliveries: SETTLED, until: clock.now() + DEDUPE_MS };
    const release = (): void => {
      if (entry.deliveries.every(({ delivery }) => delivery.settled)) entry.deliveries = SETTLED;
    };
    entry.deliveries = receivers.map((durable) => ({
      durable,
      delivery: durable.enqueue(parcel, key, cause, release),
    }));
    return entry;
  };

  const handled = ({ deliveries }: Published, cause: Cause | undefined): Promise<unknown> => {
    const waits: Promise<void>[] = [];
    for (const { durable, delivery } of deliveries) {
      const wait = durable.settled(delivery);
      if (!leadsBack(cause, durable)) waits.push(wait);
      else {
        // The handler at work is told "published" now, its own publisher only once this one is handled, too.
        wait.catch(() => undefined);
        cause?.effects.push(wait);
      }
    }
    return new Promise((resolve, fail) => {
      const timer = clock.after(PUBLISH_TIMEOUT_MS, () => fail(unavailable('the bus')));
      void Promise.all(waits)
        .then(resolve, fail)
        .finally(() => timer[Symbol.dispose]());
    });
  };

  return {
    get deadLetterCount() {
      return deadLetterCount;
    },
    get unsettledCount() {
      return [...published.values()].filter(({ deliveries }) => deliveries.length > 0).length;
    },
    deadLetters: () => [...letters],

    async publish(event) {
      if (closed) throw unavailable('the bus');
      const parsed = BusEvent.safeParse(wired(event));
      if (!parsed.success) throw new SwitchboardError({ code: 'INTERNAL', message: 'not a bus event' });
      forget(clock.now());
      const cause = causes.current();
      const known = published.get(parsed.data.id);
      const entry = known ?? spread(parsed.data, cause);
      if (!known) published.set(parsed.data.id, entry);
      await hop();
      await handled(entry, cause);
    },

    async consume(options, handler) {
      if (closed) throw unavailable('the bus');
      const { durable: name, types } = options;
      const durable = durables.get(name) ?? new Durable(name, types, { clock, causes, logger, setAside });
      if (types.length !== durable.types.size || !types.every((type) => durable.types.has(type))) {
        throw new SwitchboardError({ code: 'INTERNAL', message: `durable ${name} consumes other types` });
      }
      durables.set(name, durable);
      const consumer = durable.join(options, handler);
      await hop();
      return consumer;
    },

    async close() {
      closed = true;
      await Promise.all([...durables.values()].map((durable) => durable.close()));
    },
  };
}
