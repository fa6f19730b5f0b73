import { ConfigError, commonConfig, defineConfig, fields } from '@switchboard/service-kit/config';
import { z } from 'zod';

/** Settings of signaling alone, for hosts that run it beside others. Times in milliseconds where the name says so. */
export const signalingFields = {
  RING_TIMEOUT_MS: fields.integer({ min: 100, default: 30_000 }),
  /** How long it is kept which devices a call rang. */
  RING_LEDGER_TTL: fields.duration('90d'),
  RECONNECT_GRACE_MS: fields.integer({ min: 0, default: 15_000 }),
  RATE_LIMIT_CALLS: fields.rate('10/1m'),

  JITSI_DOMAIN: fields.text('meet.jit.si'),
  JITSI_APP_ID: fields.text().optional(),
  JITSI_APP_SECRET: fields.secret({ min: 8 }).optional(),

  /** Shown to clients for their peer connections, such as `stun:stun.example.org`. */
  STUN_URLS: fields.csv(),
  /** Such as `turn:turn.example.org:3478`; with TURN_SECRET, which the TURN server shares. */
  TURN_URLS: fields.csv(),
  TURN_SECRET: fields.secret({ min: 8 }).optional(),
  /** How long TURN credentials last. */
  TURN_TTL: fields.duration('1h'),

  /** True refuses sockets that show no token while connecting; they cannot `join` later then. */
  REQUIRE_HANDSHAKE_TOKEN: fields.boolean(false),
  /** How long a socket without a token may take to `join`. */
  JOIN_TIMEOUT_MS: fields.integer({ min: 50, default: 10_000 }),
  /** How long a socket may outlive its session when the notice of its end is lost. */
  SESSION_REVERIFY_MS: fields.integer({ min: 100, default: 60_000 }),
  /** Events of one socket, whatever they are; twice as many at once. */
  SOCKET_EVENT_RATE: fields.rate('200/1s'),
  /** Commands of one socket in hand or waiting; a side's candidates come in one go and must fit. */
  SOCKET_PENDING_MAX: fields.integer({ min: 1, max: 10_000, default: 256 }),

  /** Packets waiting for a client that does not read them, before its transport is closed. */
  SOCKET_UNSENT_MAX: fields.integer({ min: 100, default: 5_000 }),

  PRESENCE_SCOPE: z
    .enum(['everyone', 'contacts'], { error: 'must be one of everyone, contacts' })
    .prefault('everyone'),
  PRESENCE_COALESCE_MS: fields.integer({ min: 0, default: 100 }),
  /** A node that dies keeps its sockets present this long. */
  PRESENCE_LEASE_MS: fields.integer({ min: 300, default: 30_000 }),
} as const;

export const signalingConfig = defineConfig({ ...commonConfig, ...signalingFields });

/** What a signaling process reads. */
export type SignalingProcessConfig = ReturnType<typeof signalingConfig.parse>;
/** What `createSignaling` itself reads. */
export type SignalingConfig = Pick<
  SignalingProcessConfig,
  keyof typeof signalingFields | 'CLIENT_URL' | 'JWT_SECRET'
>;

/** What one variable cannot say by itself. @throws ConfigError */
export function assertSignalingConfig(config: SignalingConfig): void {
  const { JITSI_APP_ID: id, JITSI_APP_SECRET: secret } = config;
  if ((id === undefined) !== (secret === undefined)) {
    throw new ConfigError(['JITSI_APP_ID and JITSI_APP_SECRET belong together: set both or neither']);
  }
  if (config.TURN_URLS.length > 0 !== (config.TURN_SECRET !== undefined)) {
    throw new ConfigError(['TURN_URLS and TURN_SECRET belong together: set both or neither']);
  }
}
