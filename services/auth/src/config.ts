import { availableParallelism } from 'node:os';
import { commonConfig, defineConfig, fields } from '@switchboard/service-kit/config';
import { z } from 'zod';
import { isUsername } from './accounts/username.ts';

/** Threads below the event loop's priority on Linux may use every core; elsewhere one core is left to it. */
const threads = Math.max(1, Math.min(4, availableParallelism() - (process.platform === 'linux' ? 0 : 1)));

/** Settings of the auth service alone, for hosts that run it beside others. */
export const authFields = {
  /** Who may make an account without a code; a valid invitation code is honoured under each. */
  REGISTRATION: z
    .enum(['open', 'invite', 'closed'], { error: 'must be one of open, invite, closed' })
    .prefault('open'),
  REFRESH_TOKEN_TTL: fields.duration('30d'),
  /** Failures per account from one address; ten times as many per address. */
  RATE_LIMIT_LOGIN: fields.rate('5/15m'),
  /**
   * bcrypt's work factor. 12 is about a quarter of a second on the threads of a common server: long for whoever stole the
   * hashes, unnoticed by whoever logs in once a month and is refreshed in between. OWASP's minimum is 10.
   */
  BCRYPT_COST: fields.integer({ min: 4, max: 16, default: 12 }),
  PASSWORD_THREADS: fields.integer({ min: 1, max: 64, default: threads }),
  /** Log-ins and registrations that may wait for a thread before further ones are told to try later; registrations have half. */
  PASSWORD_QUEUE: fields.integer({ min: 1, max: 10_000, default: 200 }),
  INVITATION_TTL: fields.duration('7d'),
  AUDIT_RETENTION: fields.duration('90d'),
  /** Makes alice (id 1) and bob (id 2), whose password is public. */
  SEED_DEMO: fields.boolean(false),
  /** By the rule of registration: whoever is called otherwise, by an e-mail address say, could never log in. */
  ADMIN_USERNAME: z
    .string()
    .trim()
    .refine(isUsername, {
      error: 'must be a username: 1 to 64 letters a–z, digits and the characters _ . - (no e-mail address)',
    })
    .prefault('admin'),
  /** Absent: generated when the first administrator is made, and handed to the host once. */
  ADMIN_PASSWORD: fields.secret({ min: 8 }).optional(),
} as const;

export const authConfig = defineConfig({ ...commonConfig, ...authFields });

export type AuthConfig = ReturnType<typeof authConfig.parse>;
/** What `createAuth` itself reads. */
export type AuthSettings = Pick<AuthConfig, keyof typeof authFields | 'JWT_SECRET' | 'ACCESS_TOKEN_TTL'>;
