import type { Account, PublicUser } from '../wire.ts';
import type { Api } from './api.ts';
import type { Session } from './session.ts';

interface CallOptions {
  readonly signal?: AbortSignal;
}

/** One of the user's sessions; times are ISO 8601. */
export interface SessionInfo {
  readonly id: string;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly userAgent: string | null;
  readonly ip: string | null;
  /** The session that asks. */
  readonly current: boolean;
}

/** A code that lets somebody register; times are ISO 8601. */
export interface Invitation {
  readonly id: string;
  readonly code: string;
  readonly usedBy: string | null;
  readonly usedAt: string | null;
  readonly createdAt: string;
  readonly expiresAt: string;
}

/** Users, one's own account and its sessions. Each method is one HTTP request; a lapsed token is renewed on the way. */
export class AccountApi {
  readonly #api: Api;
  readonly #session: Session;

  /** @internal */
  constructor(api: Api, session: Session) {
    this.#api = api;
    this.#session = session;
  }

  /** Users, or those whose username or name holds `q`; at most `limit` (50, up to 200). */
  async list(
    options: { readonly q?: string; readonly limit?: number } & CallOptions = {},
  ): Promise<PublicUser[]> {
    const { q, limit, ...rest } = options;
    const query = new URLSearchParams({
      ...(q === undefined ? {} : { q }),
      ...(limit === undefined ? {} : { limit: String(limit) }),
    });
    const path = `/api/v1/users${query.size > 0 ? `?${query}` : ''}`;
    return (await this.#api.request<{ users: PublicUser[] }>('GET', path, undefined, rest)).users;
  }

  /** Rejects with USER_NOT_FOUND. */
  async get(userId: string, options: CallOptions = {}): Promise<PublicUser> {
    const path = `/api/v1/users/${encodeURIComponent(userId)}`;
    return (await this.#api.request<{ user: PublicUser }>('GET', path, undefined, options)).user;
  }

  /** One's own account as the server has it now. */
  async me(options: CallOptions = {}): Promise<Account> {
    return (await this.#api.request<{ user: Account }>('GET', '/api/v1/me', undefined, options)).user;
  }

  /** Changes one's name or e-mail address (null: none). Rejects with CONFLICT when the address is another's. */
  async update(change: { readonly name?: string; readonly email?: string | null }): Promise<Account> {
    return (await this.#api.request<{ user: Account }>('PATCH', '/api/v1/me', change)).user;
  }

  /** Ends every other session of the user; this client goes on. Rejects with PERMISSION_DENIED, detail `wrong_password`. */
  changePassword(currentPassword: string, newPassword: string): Promise<Account> {
    return this.#session.changePassword(currentPassword, newPassword);
  }

  /** Deletes one's account and signs out. */
  async deleteAccount(): Promise<void> {
    await this.#api.request('DELETE', '/api/v1/me');
    await this.#session.forget();
  }

  async sessions(options: CallOptions = {}): Promise<SessionInfo[]> {
    const path = '/api/v1/sessions';
    return (await this.#api.request<{ sessions: SessionInfo[] }>('GET', path, undefined, options)).sessions;
  }

  /** Ends one of one's sessions. */
  async revokeSession(sessionId: string): Promise<void> {
    await this.#api.request('DELETE', `/api/v1/sessions/${encodeURIComponent(sessionId)}`);
  }

  /** For administrators: every invitation, newest first. */
  async invitations(options: CallOptions = {}): Promise<Invitation[]> {
    const path = '/api/v1/invitations';
    return (await this.#api.request<{ invitations: Invitation[] }>('GET', path, undefined, options))
      .invitations;
  }

  /** For administrators: a code for one registration. */
  async invite(): Promise<Invitation> {
    return (await this.#api.request<{ invitation: Invitation }>('POST', '/api/v1/invitations')).invitation;
  }
}
