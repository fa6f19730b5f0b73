import type { Bus } from '@switchboard/ports';
import type { BusEvent, Notice } from '@switchboard/protocol';
import type { Logger, Outbox } from '@switchboard/service-kit';

export interface Announcement {
  /** As stored in the document's outbox. */
  readonly events: readonly BusEvent[];
  readonly notices: readonly Notice[];
}

/**
 * Tells the others of a change that is already stored. Nobody waits for it, and nothing is lost when it fails: events wait in the
 * outbox, and whoever hears notices also learns from events and from the session check.
 */
export interface Announcer extends AsyncDisposable {
  ofUser(id: number, announcement: Announcement): void;
  ofSession(id: string, announcement: Announcement): void;
  /** Resolves once what was announced so far is said or left to the sweep. */
  settled(): Promise<void>;
}

export interface AnnouncerOptions {
  readonly bus: Bus;
  readonly logger: Logger;
  readonly userOutbox: Outbox;
  readonly sessionOutbox: Outbox;
}

export function createAnnouncer({ bus, logger, userOutbox, sessionOutbox }: AnnouncerOptions): Announcer {
  const underWay = new Set<Promise<void>>();

  const track = (work: Promise<void>): void => {
    const tracked = work
      .catch((err: unknown) => logger.warn({ err }, 'a notice could not be sent'))
      .finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  };

  const announce = (outbox: Outbox, id: unknown, { events, notices }: Announcement): void => {
    for (const notice of notices) track(bus.notify(notice));
    track(outbox.flush(id, events));
  };

  const settled = async (): Promise<void> => {
    while (underWay.size > 0) await Promise.all(underWay);
  };

  return {
    ofUser: (id, announcement) => announce(userOutbox, id, announcement),
    ofSession: (id, announcement) => announce(sessionOutbox, id, announcement),
    settled,
    [Symbol.asyncDispose]: settled,
  };
}

/** For work outside a running service: what is to be said waits in the outbox until a service sweeps it. */
export function leaveToSweep(): Announcer {
  return {
    ofUser: () => undefined,
    ofSession: () => undefined,
    settled: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
