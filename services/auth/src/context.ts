import type { KeyObject } from 'node:crypto';
import type { Bus, Clock, RateLimits } from '@switchboard/ports';
import type { Logger } from '@switchboard/service-kit';
import type { RegistrationGate } from './accounts/registration-gate.ts';
import type { Announcer } from './announcer.ts';
import type { AuditLog } from './audit/audit-log.ts';
import type { AuthSettings } from './config.ts';
import type { Passwords } from './password/passwords.ts';
import type { Invitations } from './store/invitations.ts';
import type { Locks } from './store/locks.ts';
import type { Sessions } from './store/sessions.ts';
import type { Users } from './store/users.ts';

/** What it takes to work on accounts; enough for seeding, which needs neither bus nor counters. */
export interface AccountContext {
  readonly config: AuthSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly users: Users;
  readonly passwords: Passwords;
  readonly audit: AuditLog;
  readonly announcer: Announcer;
  nextUserId(): Promise<number>;
}

/** What the application functions work with; one per running service. */
export interface AuthContext extends AccountContext {
  readonly bus: Bus;
  readonly rates: RateLimits;
  readonly sessions: Sessions;
  readonly invitations: Invitations;
  readonly locks: Locks;
  readonly registrations: RegistrationGate;
  readonly signingKey: KeyObject;
  /** Hides identifiers in the keys of shared stores. */
  readonly hidingKey: KeyObject;
}
