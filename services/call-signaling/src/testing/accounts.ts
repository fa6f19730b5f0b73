import { randomUUID } from 'node:crypto';
import type { Bus } from '@switchboard/ports';
import {
  type DirectoryUser,
  type Identity,
  type Notice,
  ok,
  reject,
  SessionId,
  UserId,
  unavailable,
} from '@switchboard/protocol';
import { createTokenKey, signAccessToken } from '@switchboard/service-kit';

export const TEST_SECRET = 'k3Jx0vQm7sWf2Zt9Yb5Lr8Nc1Hd4Gp6A';

/** Stands in for the auth service: users and sessions in memory, answering on the bus as auth does. */
export interface Accounts extends AsyncDisposable {
  user(name?: string, role?: DirectoryUser['role']): TestUser;
  /** How often a session was asked after. */
  readonly checks: number;
  /** Nobody answers while it is away. */
  away: boolean;
}

export interface TestUser {
  readonly id: UserId;
  readonly username: string;
  readonly sessionId: SessionId;
  token(ttlMs?: number): string;
  /** Ends the session, with the notice or, as if that were lost, without. */
  revoke(reason?: Extract<Notice, { type: 'session.revoked' }>['reason'] | 'silently'): Promise<void>;
  delete(): void;
  /** Changes the account, with the notice. */
  become(changes: Partial<Pick<DirectoryUser, 'name' | 'email'>>): Promise<void>;
}

export async function createAccounts(bus: Bus): Promise<Accounts> {
  const key = createTokenKey(TEST_SECRET);
  const users = new Map<UserId, DirectoryUser>();
  const revoked = new Set<SessionId>();
  let count = 0;

  const accounts = {
    away: false,
    checks: 0,
    user(name?: string, role: DirectoryUser['role'] = 'user'): TestUser {
      count += 1;
      const id = UserId.parse(String(count));
      const username = name ?? `user${count}`;
      const sessionId = SessionId.parse(randomUUID());
      users.set(id, {
        id,
        username,
        name: `${username} of the tests`,
        email: null,
        status: 'active',
        role,
        createdAt: '2026-01-01T00:00:00.000Z',
      });
      return {
        id,
        username,
        sessionId,
        token: (ttlMs = 60_000) => signAccessToken(key, { sub: id, username, role, sid: sessionId }, ttlMs),
        async revoke(reason = 'logout') {
          revoked.add(sessionId);
          if (reason !== 'silently') {
            await bus.notify({ type: 'session.revoked', userId: id, sessionId, reason });
          }
        },
        delete() {
          const user = users.get(id);
          if (user) users.set(id, { ...user, status: 'deleted' });
        },
        async become(changes) {
          const user = users.get(id);
          if (user) users.set(id, { ...user, ...changes });
          await bus.notify({ type: 'user.changed', userId: id });
        },
      };
    },
  };

  const checks = await bus.serve('auth.session.check', async ({ userId, sessionId }) => {
    accounts.checks += 1;
    if (accounts.away) throw unavailable('auth');
    const user = users.get(userId);
    if (user?.status !== 'active') return reject('UNAUTHORIZED', 'gone', { detail: 'user_deleted' });
    if (revoked.has(sessionId)) return reject('UNAUTHORIZED', 'over', { detail: 'revoked_session' });
    const { id, username, name, email, role } = user;
    const identity: Identity = { id, username, name, email, role, sessionId };
    return ok(identity);
  });
  const lookups = await bus.serve('auth.users.get', async ({ userIds }) => {
    if (accounts.away) throw unavailable('auth');
    return ok({ users: userIds.flatMap((id) => users.get(id) ?? []) });
  });
  return Object.assign(accounts, {
    async [Symbol.asyncDispose]() {
      await checks[Symbol.asyncDispose]();
      await lookups[Symbol.asyncDispose]();
    },
  });
}
