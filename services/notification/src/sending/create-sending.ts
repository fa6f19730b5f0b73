import type { Bus, Clock } from '@switchboard/ports';
import {
  createOutbox,
  createOwner,
  every,
  type Logger,
  type Metrics,
  type MongoHandle,
} from '@switchboard/service-kit';
import type { NotificationSettings } from '../config.ts';
import type { DeviceStore } from '../devices/device-store.ts';
import { createOutside } from '../outside/guarded-request.ts';
import { pushModel } from '../store/push-model.ts';
import { createPushReceiptStore, pushReceiptModel } from '../store/push-receipt-store.ts';
import { createPushStore } from '../store/push-store.ts';
import { createPushes } from './create-pushes.ts';
import { createExpoProvider } from './providers/expo.ts';
import { createVapidSigner } from './providers/vapid.ts';
import { createWebPushProvider, WEB_PUSH_REQUESTS } from './providers/web-push.ts';
import { createWebhookDeviceProvider } from './providers/webhook-device.ts';
import { createPushMetrics } from './push-metrics.ts';
import type { Pushes } from './pushes.ts';
import { startReceipts } from './receipts.ts';
import { createRecorder } from './recorder.ts';
import { createSender } from './sender.ts';
import { vapidKeys } from './vapid-keys.ts';

const BACKLOG_MS = 15_000;
/** Counting further would cost more than it says. */
const MAX_BACKLOG = 10_000;

export type SendingSettings = Pick<
  NotificationSettings,
  | 'EXPO_BASE_URL'
  | 'EXPO_ACCESS_TOKEN'
  | 'EXPO_RECEIPT_DELAY_MS'
  | 'VAPID_PUBLIC_KEY'
  | 'VAPID_PRIVATE_KEY'
  | 'VAPID_SUBJECT'
  | 'PUSH_POLL_INTERVAL'
  | 'WEBHOOK_ALLOW_PRIVATE'
  | 'NODE_ENV'
>;

export interface SendingDeps {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly mongo: MongoHandle;
  readonly devices: Pick<DeviceStore, 'getAll' | 'remove' | 'pushed'>;
}

export interface Sending extends AsyncDisposable {
  readonly pushes: Pushes;
  /** What browsers subscribe with: an uncompressed point on P-256, base64url. */
  readonly webPushKey: string;
}

/** Pushes: what is put is kept in the database and sent from there, by this and any other instance. */
export async function createSending(config: SendingSettings, deps: SendingDeps): Promise<Sending> {
  const { bus, clock, logger, mongo, devices } = deps;
  const owner = createOwner();
  try {
    const model = pushModel(mongo.connection);
    const receiptDocs = pushReceiptModel(mongo.connection);
    await mongo.ensureIndexes([model, receiptDocs]);
    const metrics = createPushMetrics(deps.metrics);
    const store = createPushStore(model);
    const receipts = createPushReceiptStore(receiptDocs, {
      delayMs: config.EXPO_RECEIPT_DELAY_MS,
      now: () => clock.now(),
    });
    const keys = await vapidKeys(config, mongo.connection);
    const vapid = createVapidSigner(keys, config.VAPID_SUBJECT, () => clock.now());
    // Apart from other ways out, whose connections pushes would take.
    const outside = owner.own(
      createOutside({
        allowPrivate: config.WEBHOOK_ALLOW_PRIVATE,
        allowHttp: config.NODE_ENV !== 'production',
        connectionsPerOrigin: WEB_PUSH_REQUESTS.call + WEB_PUSH_REQUESTS.chat,
      }),
    );
    const expo = owner.own(
      createExpoProvider({
        clock,
        logger,
        ...(config.EXPO_BASE_URL === undefined ? {} : { baseUrl: config.EXPO_BASE_URL }),
        ...(config.EXPO_ACCESS_TOKEN === undefined ? {} : { accessToken: config.EXPO_ACCESS_TOKEN }),
      }),
    );
    const outbox = owner.own(createOutbox({ model, bus, clock, logger }));
    const recorder = createRecorder({ store, receipts, outbox, clock, logger });
    const pollMs = config.PUSH_POLL_INTERVAL;
    const sender = owner.own(
      createSender({
        store,
        devices,
        providers: {
          expo,
          'web-push': createWebPushProvider({ outside, vapid, clock }),
          webhook: createWebhookDeviceProvider({ outside, clock }),
        },
        recorder,
        clock,
        logger,
        metrics,
        pollMs,
      }),
    );
    owner.own(startReceipts({ store: receipts, expo, devices, bus, clock, logger, metrics, pollMs }));
    owner.own(
      every(
        BACKLOG_MS,
        clock,
        async () => metrics.backlog(await store.backlog(clock.now(), MAX_BACKLOG)),
        // That the database is away is said by those who need it.
        () => undefined,
      ),
    );
    return {
      pushes: createPushes({ store, clock, onPut: () => sender.wake() }),
      webPushKey: vapid.publicKey,
      [Symbol.asyncDispose]: () => owner[Symbol.asyncDispose](),
    };
  } catch (error) {
    await owner[Symbol.asyncDispose]();
    throw error;
  }
}
