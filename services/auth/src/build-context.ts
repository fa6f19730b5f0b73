import { createHmac, createSecretKey } from 'node:crypto';
import type { Clock } from '@switchboard/ports';
import {
  createOutbox,
  createTokenKey,
  type Logger,
  type Metrics,
  type MongoHandle,
  nextSequence,
  type Owner,
} from '@switchboard/service-kit';
import { createRegistrationGate } from './accounts/registration-gate.ts';
import { type Announcer, createAnnouncer } from './announcer.ts';
import { createAuditLog } from './audit/audit-log.ts';
import type { AuthSettings } from './config.ts';
import type { AccountContext, AuthContext } from './context.ts';
import type { AuthDeps } from './create-auth.ts';
import { createPasswords } from './password/passwords.ts';
import { auditModel } from './store/audit.ts';
import { invitationModel } from './store/invitations.ts';
import { lockModel } from './store/locks.ts';
import { sessionModel } from './store/sessions.ts';
import { type Users, userModel } from './store/users.ts';

export interface AccountDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly mongo: MongoHandle;
  readonly metrics?: Metrics;
}

/** What is acquired on the way becomes `owned`'s. */
export async function buildAccountContext(
  config: AuthSettings,
  { clock, logger, mongo, metrics }: AccountDeps,
  owned: Owner,
  announcerFor: (users: Users) => Announcer,
): Promise<AccountContext> {
  const users = userModel(mongo.connection);
  const audits = auditModel(mongo.connection);
  await mongo.ensureIndexes([users, audits]);
  const waiting = metrics?.gauge('password_jobs_waiting', 'Log-ins and registrations that wait for a thread');
  const passwords = createPasswords({
    cost: config.BCRYPT_COST,
    threads: config.PASSWORD_THREADS,
    queue: config.PASSWORD_QUEUE,
    ...(waiting ? { waiting } : {}),
  });
  return {
    config,
    clock,
    logger,
    users,
    passwords: owned.own(passwords),
    audit: owned.own(createAuditLog({ audits, clock, logger, retentionMs: config.AUDIT_RETENTION })),
    announcer: owned.own(announcerFor(users)),
    nextUserId: () => nextSequence(mongo.connection, 'users'),
  };
}

export async function buildAuthContext(
  config: AuthSettings,
  deps: AuthDeps,
  owned: Owner,
): Promise<AuthContext> {
  const { bus, rates, clock, logger, mongo } = deps;
  const sessions = sessionModel(mongo.connection);
  const invitations = invitationModel(mongo.connection);
  const locks = lockModel(mongo.connection);
  await mongo.ensureIndexes([sessions, invitations, locks]);
  const accounts = await buildAccountContext(config, deps, owned, (users) => {
    const userOutbox = owned.own(createOutbox({ model: users, bus, logger, clock }));
    const sessionOutbox = owned.own(createOutbox({ model: sessions, bus, logger, clock }));
    return createAnnouncer({ bus, logger, userOutbox, sessionOutbox });
  });
  const signingKey = createTokenKey(config.JWT_SECRET);
  return {
    ...accounts,
    bus,
    rates,
    sessions,
    invitations,
    locks,
    registrations: createRegistrationGate({ queue: config.PASSWORD_QUEUE }),
    signingKey,
    hidingKey: createSecretKey(createHmac('sha256', signingKey).update('switchboard.hiding.v1').digest()),
  };
}
