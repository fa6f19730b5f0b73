import { startTestMongo as startTestServer } from '@switchboard/embedded-mongo/testing';
import {
  createMemoryBus,
  createMemoryLiveCalls,
  createMemoryPresence,
  createMemoryRateLimits,
  createMemoryRoomPresence,
  type MemoryBus,
} from '@switchboard/engine-memory';
import type { Bus, Clock, LiveCalls, Presence, RoomPresence } from '@switchboard/ports';
import {
  connectMongo,
  createLogger,
  createMetrics,
  type Metrics,
  type MongoHandle,
  systemClock,
} from '@switchboard/service-kit';
import type { LiveCall } from '../calls/live-call.ts';
import { signalingConfig } from '../config.ts';
import { type RunningSignaling, startSignaling } from '../start-signaling.ts';
import { type Accounts, createAccounts, TEST_SECRET, type TestUser } from './accounts.ts';
import { type ChatStandIn, createChatStandIn } from './chat-stand-in.ts';
import { type ClientOptions, connectClient, connected, type TestClient } from './test-client.ts';

/** The database for one test file, and a connection to it. */
export async function startTestMongo(): Promise<MongoHandle & { readonly url: string }> {
  const server = await startTestServer();
  const logger = createLogger({ level: 'silent', service: 'test', nodeId: 'test' });
  const handle = await connectMongo(server.url, { logger, appName: 'signaling-test' });
  return {
    ...handle,
    url: server.url,
    async [Symbol.asyncDispose]() {
      await handle[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

export interface TestNode extends AsyncDisposable {
  readonly url: string;
  readonly bus: MemoryBus;
  readonly presence: Presence;
  readonly roomPresence: RoomPresence;
  readonly liveCalls: LiveCalls<LiveCall>;
  readonly accounts: Accounts;
  readonly chat: ChatStandIn;
  readonly metrics: Metrics;
  readonly running: RunningSignaling;
  /** Every line that the node logged, as JSON text. */
  readonly logged: readonly string[];
  /** A connected client; disposed with the node. */
  readonly client: (user: TestUser | null, options?: ClientOptions) => Promise<TestClient>;
  /** The same before it is connected. */
  readonly dial: (user: TestUser | null, options?: ClientOptions) => TestClient;
}

export interface TestNodeOptions {
  readonly mongo: MongoHandle;
  /** Variables beside the defaults of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  /** Wraps the presence store, to take it away. */
  readonly presence?: (presence: Presence) => Presence;
  /** Wraps the bus as the node sees it. */
  readonly nodeBus?: (bus: MemoryBus) => Bus;
}

/** One signaling node on memory engines, with stand-ins for auth and chat, on a port of its own. */
export async function startTestNode(options: TestNodeOptions): Promise<TestNode> {
  const { mongo, env = {}, clock = systemClock } = options;
  const logged: string[] = [];
  const destination = { write: (line: string) => void logged.push(line) };
  const logger = createLogger({ level: 'debug', service: 'test', nodeId: 'test', destination });
  const bus = createMemoryBus({ clock, logger });
  const accounts = await createAccounts(bus);
  const chat = await createChatStandIn(bus, clock);
  const bare = createMemoryPresence();
  const presence = options.presence?.(bare) ?? bare;
  const liveCalls = createMemoryLiveCalls<LiveCall>();
  const roomPresence = createMemoryRoomPresence();
  const metrics = createMetrics({ service: 'test' });
  const config = signalingConfig.parse({
    PORT: '0',
    JWT_SECRET: TEST_SECRET,
    PRESENCE_COALESCE_MS: '20',
    ...env,
  });
  const rates = createMemoryRateLimits({ clock });
  const running = await startSignaling(config, {
    bus: options.nodeBus?.(bus) ?? bus,
    clock,
    logger,
    metrics,
    mongo,
    liveCalls,
    presence,
    roomPresence,
    rates,
  });
  const clients: TestClient[] = [];
  const dial: TestNode['dial'] = (user, { auth, ...more } = {}) => {
    const identity = user ? { token: user.token() } : {};
    const client = connectClient(running.url, { ...more, auth: { ...identity, ...(auth as object) } });
    clients.push(client);
    return client;
  };

  return {
    url: running.url,
    bus,
    presence,
    roomPresence,
    liveCalls,
    accounts,
    chat,
    metrics,
    running,
    logged,
    dial,
    client: (user, more) => connected(dial(user, more)),
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client[Symbol.asyncDispose]();
      await running[Symbol.asyncDispose]();
      await chat[Symbol.asyncDispose]();
      await accounts[Symbol.asyncDispose]();
      await bus.close();
    },
  };
}
