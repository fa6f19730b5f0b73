import { createHmac, createSecretKey } from 'node:crypto';
import type { Bus, Clock, RateLimits } from '@switchboard/ports';
import {
  createOutbox,
  createTokenKey,
  type Logger,
  type Metrics,
  type MongoHandle,
  nextSequence,
  type Service,
} from '@switchboard/service-kit';
import { createAnnouncer } from './announcer.ts';
import { createAuditLog } from './audit/audit-log.ts';
import type { AuthSettings } from './config.ts';
import type { AuthContext } from './context.ts';
import { serveSessionCheck } from './handlers/session-check.ts';
import { serveUsersGet } from './handlers/users-get.ts';
import { authRoutes } from './http/routes.ts';
import { createOwnership, type Ownership } from './ownership.ts';
import { createPasswords } from './password/passwords.ts';
import { type Seeded, seed } from './seed/seed.ts';
import { auditModel } from './store/audit.ts';
import { invitationModel } from './store/invitations.ts';
import { lockModel } from './store/locks.ts';
import { sessionModel } from './store/sessions.ts';
import { userModel } from './store/users.ts';

export interface AuthDeps {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Stays the caller's, who disposes of it after the service. */
  readonly mongo: MongoHandle;
  readonly rates: RateLimits;
}

export interface AuthService extends Service {
  /** What this start made, for the host to show once. */
  readonly seeded: Seeded;
  /** Resolves once everything announced and audited so far is said and stored. */
  settled(): Promise<void>;
}

/**
 * Accounts, sessions, invitations: the routes, and the requests `auth.session.check` and `auth.users.get`. Indexes are built, and
 * demo users and the first administrator made, before it resolves.
 * @throws SwitchboardError SERVICE_UNAVAILABLE while the database or the bus is away.
 */
export async function createAuth(config: AuthSettings, deps: AuthDeps): Promise<AuthService> {
  const owned = createOwnership();
  try {
    return await assemble(config, deps, owned);
  } catch (error) {
    await owned[Symbol.asyncDispose]();
    throw error;
  }
}

async function assemble(config: AuthSettings, deps: AuthDeps, owned: Ownership): Promise<AuthService> {
  const context = await buildContext(config, deps, owned);
  const seeded = await seed(context);
  owned.use(await serveSessionCheck(context));
  owned.use(await serveUsersGet(context));
  return {
    name: 'auth',
    routes: authRoutes(context),
    checks: [deps.mongo.check],
    seeded,
    async settled() {
      await context.announcer.settled();
      await context.audit.settled();
    },
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

async function buildContext(config: AuthSettings, deps: AuthDeps, owned: Ownership): Promise<AuthContext> {
  const { bus, clock, logger, metrics, mongo, rates } = deps;
  const { connection } = mongo;
  const models = {
    users: userModel(connection),
    sessions: sessionModel(connection),
    invitations: invitationModel(connection),
    locks: lockModel(connection),
  };
  const audits = auditModel(connection);
  await mongo.ensureIndexes([...Object.values(models), audits]);

  const passwords = owned.use(
    await createPasswords({
      cost: config.BCRYPT_COST,
      threads: config.PASSWORD_THREADS,
      queue: config.PASSWORD_QUEUE,
      waiting: metrics.gauge('password_jobs_waiting', 'Log-ins and registrations that wait for a thread'),
    }),
  );
  const userOutbox = owned.use(createOutbox({ model: models.users, bus, logger, clock }));
  const sessionOutbox = owned.use(createOutbox({ model: models.sessions, bus, logger, clock }));
  const signingKey = createTokenKey(config.JWT_SECRET);
  return {
    config,
    clock,
    logger,
    bus,
    rates,
    ...models,
    passwords,
    audit: owned.use(createAuditLog({ audits, clock, logger, retentionMs: config.AUDIT_RETENTION })),
    announcer: owned.use(createAnnouncer({ bus, logger, userOutbox, sessionOutbox })),
    signingKey,
    hidingKey: createSecretKey(createHmac('sha256', signingKey).update('switchboard.hiding.v1').digest()),
    nextUserId: () => nextSequence(connection, 'users'),
  };
}
