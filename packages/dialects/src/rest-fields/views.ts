import type { PublicUser, Role, SessionId, UserId, UserStatus } from '@switchboard/protocol';

/** What presenters are handed by services: canonical, before any dialect's words. Times are ISO 8601, UTC. */

/** A user as they see themselves. */
export interface Account extends PublicUser {
  readonly email: string | null;
  readonly role: Role;
}

/** A user as an administrator sees them. */
export interface ManagedAccount extends Account {
  readonly status: UserStatus;
  readonly createdAt: string;
}

export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
}

export interface Invitation {
  readonly id: string;
  readonly code: string;
  readonly usedBy: UserId | null;
  readonly usedAt: string | null;
  readonly createdAt: string;
  readonly expiresAt: string;
}

export interface SessionView {
  readonly id: SessionId;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly userAgent: string | null;
  readonly ip: string | null;
  /** The one that asks. */
  readonly current: boolean;
}
