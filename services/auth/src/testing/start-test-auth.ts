import { randomBytes } from 'node:crypto';
import { startTestMongo } from '@switchboard/embedded-mongo/testing';
import { createManualClock, createMemoryBus, createMemoryRateLimits } from '@switchboard/engine-memory';
import type { Bus, Clock, RateLimits } from '@switchboard/ports';
import type { BusEvent, EventType, Notice } from '@switchboard/protocol';
import {
  connectMongo,
  createLogger,
  createMetrics,
  type MongoHandle,
  systemClock,
} from '@switchboard/service-kit';
import { authConfig } from '../config.ts';
import type { Seeded } from '../seed/seed.ts';
import { startAuth } from '../start-auth.ts';
import { createHttpClient, type HttpClient } from './http-client.ts';

export const logger = createLogger({ level: 'silent', service: 'auth-test', nodeId: 'test' });

export interface TestDatabase extends AsyncDisposable {
  /** The address of an empty database. */
  fresh(): string;
}

export async function startTestDatabase(): Promise<TestDatabase> {
  const mongo = await startTestMongo();
  return { fresh: () => mongo.database(), [Symbol.asyncDispose]: () => mongo[Symbol.asyncDispose]() };
}

export interface TestAuthOptions {
  readonly mongoUrl: string;
  /** Environment on top of: cost 4, no log-in limit, demo users, an administrator `admin` / `administrator`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly bus?: Bus;
  readonly rates?: RateLimits;
}

export interface TestAuth extends AsyncDisposable {
  readonly http: HttpClient;
  readonly url: string;
  readonly bus: Bus;
  readonly mongo: MongoHandle;
  readonly seeded: Seeded;
  /** What was published and said since the start. */
  readonly events: readonly BusEvent[];
  readonly notices: readonly Notice[];
}

export const ADMIN_PASSWORD = 'administrator';

const EVENT_TYPES: readonly EventType[] = [
  'auth.user.created',
  'auth.user.updated',
  'auth.user.banned',
  'auth.user.unbanned',
  'auth.user.deleted',
  'auth.session.revoked',
];

export async function startTestAuth(options: TestAuthOptions): Promise<TestAuth> {
  const clock = options.clock ?? systemClock;
  const config = authConfig.parse({
    PORT: '0',
    BCRYPT_COST: '4',
    PASSWORD_THREADS: '2',
    RATE_LIMIT_LOGIN: 'off',
    SEED_DEMO: 'true',
    ADMIN_PASSWORD,
    JWT_SECRET: 'a'.repeat(64),
    MONGO_URL: options.mongoUrl,
    ...options.env,
  });
  const bus = options.bus ?? createMemoryBus({ clock });
  const events: BusEvent[] = [];
  const notices: Notice[] = [];
  await bus.consume(
    { durable: `test-${randomBytes(4).toString('hex')}`, types: EVENT_TYPES },
    async (event) => {
      events.push(event);
    },
  );
  const listener = await bus.listen((notice) => {
    notices.push(notice);
  });
  const mongo = await connectMongo(options.mongoUrl, { logger, appName: 'auth-test' });
  const auth = await startAuth(config, {
    bus,
    clock,
    logger,
    metrics: createMetrics({ service: 'auth-test' }),
    rates: options.rates ?? createMemoryRateLimits({ clock }),
  });
  return {
    http: createHttpClient(auth.url),
    url: auth.url,
    bus,
    mongo,
    seeded: auth.seeded,
    events,
    notices,
    async [Symbol.asyncDispose]() {
      await auth[Symbol.asyncDispose]();
      await listener[Symbol.asyncDispose]();
      await mongo[Symbol.asyncDispose]();
      if (!options.bus) await bus.close();
    },
  };
}

/** Starts now: the store's own clock removes what has lapsed by it. */
export function manualClock(): ReturnType<typeof createManualClock> {
  return createManualClock(Date.now());
}
