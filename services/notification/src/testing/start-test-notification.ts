import { createMemoryBus, createMemoryRateLimits } from '@switchboard/engine-memory';
import type { Bus, Clock } from '@switchboard/ports';
import type { Notice } from '@switchboard/protocol';
import {
  connectMongo,
  createLogger,
  createMetrics,
  createUserDirectory,
  type MongoHandle,
  systemClock,
} from '@switchboard/service-kit';
import { notificationConfig } from '../config.ts';
import type { DeviceContext } from '../devices/device-context.ts';
import { createOutside } from '../outside/guarded-request.ts';
import { startNotification } from '../start-notification.ts';
import type { DeviceRecords } from '../store/device-records.ts';
import { openDevices } from '../store/open-devices.ts';
import { Accounts, JWT_SECRET, type SignedIn } from './accounts.ts';

const logger = createLogger({ level: 'silent', service: 'notification-test', nodeId: 'test' });

export interface TestNotificationOptions {
  readonly mongoUrl: string;
  /** On top of: no limit on registrations. */
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  /** The bus as the service is to see it. */
  readonly through?: (bus: Bus) => Bus;
}

export interface HttpReply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of many shapes and assert what they find.
  readonly body: any;
  readonly headers: Headers;
}

export interface TestNotification extends AsyncDisposable {
  readonly url: string;
  readonly bus: Bus;
  readonly mongo: MongoHandle;
  readonly accounts: Accounts;
  readonly devices: DeviceRecords;
  /** For the service's functions by themselves: on the same bus and database, without the service's workers. */
  readonly context: DeviceContext;
  readonly notices: readonly Notice[];
  ask(method: string, path: string, as?: SignedIn, body?: unknown): Promise<HttpReply>;
}

/** A notification service over HTTP, with a stand-in for the services it asks. */
export async function startTestNotification(options: TestNotificationOptions): Promise<TestNotification> {
  const clock = options.clock ?? systemClock;
  const bus = createMemoryBus({ clock });
  const accounts = new Accounts(bus, clock);
  await accounts.serve();
  const notices: Notice[] = [];
  await bus.listen((notice) => {
    notices.push(notice);
  });
  const mongo = await connectMongo(options.mongoUrl, { logger, appName: 'notification-test' });
  const config = notificationConfig.parse({
    PORT: '0',
    JWT_SECRET,
    MONGO_URL: options.mongoUrl,
    RATE_LIMIT_DEVICES: 'off',
    ...options.env,
  });
  const deps = {
    bus,
    clock,
    logger,
    mongo,
    metrics: createMetrics({ service: 'notification-test' }),
    rates: createMemoryRateLimits({ clock }),
  };
  const through = options.through ?? ((seen) => seen);
  const running = await startNotification(config, { ...deps, bus: through(bus) });
  const directory = createUserDirectory({ bus, clock });
  const outside = createOutside({ allowPrivate: config.WEBHOOK_ALLOW_PRIVATE, allowHttp: true });
  const records = await openDevices(mongo);
  return {
    url: running.url,
    bus,
    mongo,
    accounts,
    devices: records.devices,
    context: { ...deps, ...records, config, directory, outside },
    notices,
    async ask(method, path, as, body) {
      const response = await fetch(new URL(path, running.url), {
        method,
        headers: {
          ...(as ? { authorization: `Bearer ${as.token}` } : {}),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        body: text === '' ? undefined : JSON.parse(text),
        headers: response.headers,
      };
    },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await outside[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
      await mongo[Symbol.asyncDispose]();
      await bus.close();
    },
  };
}
