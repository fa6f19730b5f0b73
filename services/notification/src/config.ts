import { commonConfig, defineConfig, fields } from '@switchboard/service-kit/config';

/** Settings of notification alone, for hosts that run it beside others. */
export const notificationFields = {
  /** Where Expo's push service is, without a path; for tests and proxies. Absent: Expo's own. */
  EXPO_BASE_URL: fields.url({ schemes: ['http', 'https'] }).optional(),
  /** Bearer token of an Expo account with enhanced push security. */
  EXPO_ACCESS_TOKEN: fields.secret({ min: 8 }).optional(),
  /** How long after a push Expo is asked whether it reached the device. */
  EXPO_RECEIPT_DELAY_MS: fields.integer({ min: 0, default: 900_000 }),
  /** The pair of keys that web push services know us by, base64url as `web-push generate-vapid-keys` prints them. Absent: made at the first start and kept in the database. */
  VAPID_PUBLIC_KEY: fields.text().optional(),
  VAPID_PRIVATE_KEY: fields.secret({ min: 32 }).optional(),
  /** Whom web push services write to about our pushes: `mailto:` or `https:`. Apple's refuses a host that does not exist. */
  VAPID_SUBJECT: fields.text('mailto:admin@example.com'),
  /** How long a connected device may take to say that it rings before it is pushed the ring, too: its socket may be dead. */
  RING_ACK_MS: fields.integer({ min: 0, default: 3_000 }),
  /** How long a push may be due before an instance looks that did not put it. */
  PUSH_POLL_INTERVAL: fields.duration('500ms'),
  /** Registrations of devices by one user. */
  RATE_LIMIT_DEVICES: fields.rate('60/1h'),
  /** How long a device may outlive its session when nothing was heard of the session's end. */
  DEVICE_CHECK_INTERVAL: fields.duration('1h'),
  /** Lets webhooks and push targets lead to private addresses, and by `http:`. */
  WEBHOOK_ALLOW_PRIVATE: fields.boolean(false),
} as const;

export const notificationConfig = defineConfig({ ...commonConfig, ...notificationFields });

/** What a notification process reads. */
export type NotificationConfig = ReturnType<typeof notificationConfig.parse>;
/** What `createNotification` itself reads. */
export type NotificationSettings = Pick<NotificationConfig, keyof typeof notificationFields | 'NODE_ENV'>;
