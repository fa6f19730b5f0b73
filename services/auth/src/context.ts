import type { KeyObject } from 'node:crypto';
import type { Bus, Clock, RateLimits } from '@switchboard/ports';
import type { Logger } from '@switchboard/service-kit';
import type { Announcer } from './announcer.ts';
import type { AuditLog } from './audit/audit-log.ts';
import type { AuthSettings } from './config.ts';
import type { Passwords } from './password/passwords.ts';
import type { Invitations } from './store/invitations.ts';
import type { Locks } from './store/locks.ts';
import type { Sessions } from './store/sessions.ts';
import type { Users } from './store/users.ts';

/** What the application functions work with; one per running service. */
export interface AuthContext {
  readonly config: AuthSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly bus: Bus;
  readonly rates: RateLimits;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly invitations: Invitations;
  readonly locks: Locks;
  readonly passwords: Passwords;
  readonly audit: AuditLog;
  readonly announcer: Announcer;
  readonly signingKey: KeyObject;
  /** Hides identifiers and such in keys of shared stores. */
  readonly hidingKey: KeyObject;
  nextUserId(): Promise<number>;
}
