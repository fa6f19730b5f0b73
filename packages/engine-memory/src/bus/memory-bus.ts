import type { Bus, Clock } from '@switchboard/ports';
import type { BusLogger } from '@switchboard/ports/engine';
import type { DeadLetter } from './durable.ts';
import { createEvents } from './events.ts';
import { createNotices } from './notices.ts';
import { createRequests } from './requests.ts';

export interface MemoryBusOptions {
  readonly clock: Clock;
  readonly logger?: BusLogger;
}

export interface MemoryBus extends Bus {
  /** The newest events that were set aside, at most 1 000; `health()` counts all. */
  deadLetters(): readonly DeadLetter[];
}

/**
 * The bus inside one process.
 *
 * `publish` resolves when every durable consumer has handled the event or set it aside. It rejects as retryable, with the event still
 * queued, when nobody of a durable name is left or 30 s are over. From inside a handler it does not wait for the durable names whose handlers
 * led there; the publisher of the first event waits for those. A durable name exists from its first `consume` on.
 * An event is tried again after 100 ms, 400 ms, 1.6 s, 6.4 s, then every 10 s. At most 10 000 events wait for a durable name and 5 000 requests
 * for an instance; past that callers hear a retryable SERVICE_UNAVAILABLE.
 */
export function createMemoryBus({ clock, logger }: MemoryBusOptions): MemoryBus {
  const requests = createRequests(clock, logger);
  const events = createEvents(clock, logger);
  const notices = createNotices(logger);
  let closing: Promise<void> | undefined;

  const drain = async (): Promise<void> => {
    notices.close();
    await Promise.all([requests.close(), events.close()]);
  };

  return {
    request: requests.request,
    serve: requests.serve,
    publish: events.publish,
    consume: events.consume,
    notify: notices.notify,
    listen: notices.listen,
    deadLetters: () => events.deadLetters(),
    health: () => ({ up: closing === undefined, deadLetters: events.deadLetterCount }),
    close() {
      closing ??= drain();
      return closing;
    },
  };
}
