import { z } from 'zod';
import { fields } from './fields.ts';

const oneOf = <const T extends readonly [string, ...string[]]>(words: T, preset: T[number]) =>
  z.enum(words, { error: `must be one of ${words.join(', ')}` }).prefault(preset);

/** What every service reads. Spread it into `defineConfig` beside the service's own. */
export const commonConfig = {
  NODE_ENV: oneOf(['development', 'test', 'production'], 'development'),
  LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'info'),
  /** Only this machine unless said otherwise; containers set 0.0.0.0. */
  HOST: z.string().min(1).prefault('127.0.0.1'),
  PORT: fields.port(),
  /** Origins of web clients served elsewhere. */
  CLIENT_URL: fields.origins(),
  /** Number of proxies in front, or their addresses; their X-Forwarded-* is believed. */
  TRUST_PROXY: z
    .string()
    .transform((value): boolean | number | string => {
      if (value === 'true' || value === 'false') return value === 'true';
      return /^\d{1,2}$/.test(value) ? Number(value) : value;
    })
    .prefault('false'),
  MONGO_URL: fields.url({ schemes: ['mongodb', 'mongodb+srv'], aliases: ['MONGO_URI'] }).optional(),
  NATS_URL: fields.url({ schemes: ['nats', 'tls', 'ws', 'wss'] }).optional(),
  REDIS_URL: fields.url({ schemes: ['redis', 'rediss'] }).optional(),
  /** Copies that NATS keeps of every event: 3 on a NATS cluster of three. */
  NATS_REPLICAS: fields.integer({ min: 1, max: 5, default: 1 }),
  /** How long a service of a cluster that was told to stop goes on as before, until its load balancer has seen that it is not ready. */
  DRAIN_DELAY: fields.duration('2s'),
  JWT_SECRET: fields.secret({ min: 32 }),
  ACCESS_TOKEN_TTL: fields.duration('24h'),
} as const;
