import type { Bus } from '@switchboard/ports';
import type { BusLogger } from '@switchboard/ports/engine';
import { connectNats, type NatsSettings } from './connect.ts';
import { createEvents } from './events.ts';
import { createNotices } from './notices.ts';
import { createRequests } from './requests.ts';
import type { StreamSettings } from './streams.ts';

export interface NatsBusOptions extends NatsSettings, StreamSettings {
  readonly logger?: BusLogger;
}

/**
 * The bus over NATS: requests and notices on the core, events on JetStream, server 2.9 or newer.
 *
 * Events with one ordering key share one of a fixed number of partitions, and each partition of a durable name has one event in hand at a time, over all instances: so the
 * order holds over crashes and retries. An event whose handler throws is tried again after 100 ms, 400 ms, 1.6 s, 6.4 s, then every 10 s, and
 * its partition waits for it; after the last attempt it is kept under `dead.<durable>.<type>`. What a handler throws because something it needs is away (a
 * retryable SwitchboardError) is no such attempt: the event waits for it, tried every second for a quarter of an hour. An event in the hands of an instance that died goes to another after six seconds.
 * A durable name hears what was published since it was first asked for. Streams and consumers that are gone, with a server that came back empty, are made again.
 *
 * @throws SwitchboardError when no server can be reached or it lacks JetStream; the message names NATS_URL.
 */
export async function createNatsBus(options: NatsBusOptions): Promise<Bus> {
  const { logger } = options;
  const link = await connectNats(options);
  const requests = createRequests(link, logger);
  const notices = createNotices(link, logger);
  const events = await createEvents(link, options, logger).catch(async (cause: unknown) => {
    await link.close();
    throw cause;
  });
  let closing: Promise<void> | undefined;

  const drain = async (): Promise<void> => {
    notices.close();
    await Promise.all([requests.close(), events.close()]);
    await link.close();
  };

  return {
    request: requests.request,
    serve: requests.serve,
    publish: events.publish,
    consume: events.consume,
    notify: notices.notify,
    listen: notices.listen,
    health: () => ({ up: closing === undefined && link.up, deadLetters: events.deadLetters }),
    close() {
      closing ??= drain();
      return closing;
    },
  };
}
