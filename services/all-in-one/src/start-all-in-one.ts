import { randomUUID } from 'node:crypto';
import { createApiDocs } from '@switchboard/api-docs';
import { createAuth, type Seeded } from '@switchboard/auth';
import { createSignaling, type LiveCall } from '@switchboard/call-signaling';
import { createChat } from '@switchboard/chat';
import { presentRestErrorAt } from '@switchboard/dialects';
import type { EmbeddedMongo } from '@switchboard/embedded-mongo';
import {
  createMemoryBus,
  createMemoryLiveCalls,
  createMemoryPresence,
  createMemoryRateLimits,
  createMemoryRoomPresence,
} from '@switchboard/engine-memory';
import { createNotification } from '@switchboard/notification';
import type { Clock } from '@switchboard/ports';
import { NodeId } from '@switchboard/protocol';
import {
  connectMongo,
  createHttpApp,
  createMetrics,
  createOwner,
  createSessionVerifier,
  createTokenKey,
  createUserDirectory,
  type HealthCheck,
  type Logger,
  listen,
  type Route,
  type Service,
  systemClock,
} from '@switchboard/service-kit';
import type { AllInOneConfig } from './config.ts';
import { openDatabase } from './open-database.ts';

export interface AllInOne extends AsyncDisposable {
  /** Base URL for HTTP and Socket.IO. */
  readonly url: string;
  /** Resolves when the database has stopped: with the reason when it did so by itself, which nothing here can mend. */
  readonly databaseEnded: Promise<Error | undefined>;
  /** Who was made at this start; passwords only of the demo users and of an administrator whose password was made up. */
  readonly seeded: Seeded;
  /** What is mounted, beside what service-kit adds for operators. */
  readonly routes: readonly Route[];
  drain(withinMs: number): Promise<void>;
}

export interface AllInOneOverrides {
  readonly logger: Logger;
  /** Opened already, or being opened; this one's from now on. Default: the one under DATA_DIR is opened. */
  readonly database?: Promise<EmbeddedMongo>;
  readonly clock?: Clock;
  /** Further questions for readiness, such as whether the process was told to stop. */
  readonly checks?: readonly HealthCheck[];
  /** Folder of the built web client; none is served without it. */
  readonly webClient?: string;
}

const DRAIN_MS = 1_000;

/** Auth, chat, call-signaling and notification in this process, on memory engines and the embedded database under DATA_DIR. */
export async function startAllInOne(config: AllInOneConfig, overrides: AllInOneOverrides): Promise<AllInOne> {
  const { logger, clock = systemClock } = overrides;
  // Undone in reverse order, also when a later step of the start fails.
  const owner = createOwner();
  try {
    const metrics = createMetrics({ service: 'all-in-one' });
    const database = owner.own(await (overrides.database ?? openDatabase(config.DATA_DIR, logger)));
    const bus = createMemoryBus({ clock, logger });
    owner.defer(() => bus.close());
    const rates = createMemoryRateLimits({ clock });
    const mongo = owner.own(await connectMongo(database.url, { logger, appName: 'all-in-one' }));
    const directory = owner.own(createUserDirectory({ bus, clock }));
    const verifier = owner.own(createSessionVerifier({ key: createTokenKey(config.JWT_SECRET), bus, clock }));
    const shared = { bus, clock, directory, logger, metrics, mongo, rates };

    const auth = owner.own(await createAuth(config, shared));
    const chat = owner.own(await createChat(config, shared));
    const signaling = owner.own(
      await createSignaling(config, {
        ...shared,
        verifier,
        nodeId: NodeId.parse(`all-in-one-${randomUUID().slice(0, 8)}`),
        liveCalls: createMemoryLiveCalls<LiveCall>(),
        presence: createMemoryPresence(),
        roomPresence: createMemoryRoomPresence(),
      }),
    );
    const notification = owner.own(await createNotification(config, shared));
    const services: readonly Service[] = [auth, chat, signaling, notification];
    const routes: readonly Route[] = [
      ...services.flatMap((service) => service.routes),
      ...(config.API_DOCS ? createApiDocs().routes : []),
    ];
    const app = createHttpApp({
      routes,
      presentError: presentRestErrorAt,
      verifier,
      clientOrigins: config.CLIENT_URL,
      logger,
      metrics,
      checks: distinct([...services.flatMap((service) => service.checks), ...(overrides.checks ?? [])]),
      trustProxy: config.TRUST_PROXY,
      ...(overrides.webClient === undefined ? {} : { static: overrides.webClient }),
    });
    const http = await listen(app, {
      host: config.HOST,
      port: config.PORT,
      attach: (server) => {
        for (const service of services) service.attach?.(server);
      },
    });
    owner.defer(async () => {
      const closed = http.close();
      // Sockets would keep the server open; after a drain there are none left.
      await signaling.drain?.(0);
      await closed;
    });

    return {
      url: http.url,
      databaseEnded: database.ended,
      seeded: auth.seeded,
      routes,
      async drain(withinMs) {
        // There is no other node to spread the clients over: whoever stops this process wants it gone.
        const soon = Math.min(withinMs, DRAIN_MS);
        await Promise.all(services.map(async (service) => service.drain?.(soon)));
      },
      [Symbol.asyncDispose]: () => owner[Symbol.asyncDispose](),
    };
  } catch (error) {
    await owner[Symbol.asyncDispose]();
    throw error;
  }
}

/** The services share their dependencies here: one question a dependency is enough. */
function distinct(checks: readonly HealthCheck[]): HealthCheck[] {
  return [...new Map(checks.map((check) => [check.name, check])).values()];
}
