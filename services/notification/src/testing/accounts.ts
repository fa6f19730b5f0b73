import { randomUUID } from 'node:crypto';
import type { Bus, Clock } from '@switchboard/ports';
import {
  type DirectoryUser,
  type Identity,
  ok,
  orThrow,
  RoomId,
  reject,
  SessionId,
  UserId,
} from '@switchboard/protocol';
import { createTokenKey, createTokenSigner, newEvent } from '@switchboard/service-kit';

export const JWT_SECRET = 'n'.repeat(64);

export interface SignedIn extends Identity {
  readonly token: string;
}

/** Stands in for auth and for chat's rooms, on the bus: sessions begin and end, and it is told when they do. */
export class Accounts {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #live = new Map<string, UserId>();
  readonly #banned = new Set<string>();
  readonly #sign = createTokenSigner(createTokenKey(JWT_SECRET));
  /** Thrown in place of an answer about a session. */
  fault: Error | undefined;
  /** Run while a session is asked after, after it was looked at. */
  whileChecking: () => Promise<void> = async () => undefined;
  checks = 0;

  constructor(bus: Bus, clock: Clock) {
    this.#bus = bus;
    this.#clock = clock;
  }

  async serve(): Promise<void> {
    await this.#bus.serve('auth.session.check', async ({ userId, sessionId }) => {
      this.checks += 1;
      if (this.fault) throw this.fault;
      const answer = this.#check(userId, sessionId);
      await this.whileChecking();
      return answer;
    });
    await this.#bus.serve('auth.users.get', async ({ userIds }) =>
      ok({ users: userIds.map((id) => this.#user(id)) }),
    );
    await this.#bus.serve('chat.room.get', async ({ roomId }) => {
      if (roomId !== '5') return reject('ROOM_NOT_FOUND', 'Room not found');
      const creator = orThrow(this.#identity(UserId.parse('1'), SessionId.parse(randomUUID())));
      const { id, username, name } = creator;
      return ok({
        room: {
          id: RoomId.parse('5'),
          name: 'General',
          description: '',
          kind: 'chat',
          creator: { id, username, name },
          createdAt: new Date(0).toISOString(),
          active: true,
        },
      });
    });
  }

  signIn(user: number): SignedIn {
    const userId = UserId.parse(String(user));
    const sessionId = SessionId.parse(randomUUID());
    this.#live.set(sessionId, userId);
    const subject = { sub: userId, username: `user${userId}`, role: 'user', sid: sessionId } as const;
    return { ...orThrow(this.#identity(userId, sessionId)), token: this.#sign(subject, 3_600_000) };
  }

  /** Ends a session without a word, as one that lapses. */
  lapse({ sessionId }: Pick<Identity, 'sessionId'>): void {
    this.#live.delete(sessionId);
  }

  async logOut(session: Pick<Identity, 'id' | 'sessionId'>): Promise<void> {
    this.lapse(session);
    const { id: userId, sessionId } = session;
    await this.#bus.publish(newEvent({ type: 'auth.session.revoked', userId, sessionId }, this.#clock));
  }

  async logOutEverywhere(userId: UserId): Promise<void> {
    this.#endAll(userId);
    await this.tellAllEnded(userId);
  }

  async tellAllEnded(userId: UserId): Promise<void> {
    await this.#bus.publish(newEvent({ type: 'auth.session.revoked', userId }, this.#clock));
  }

  async ban(userId: UserId): Promise<void> {
    this.#banned.add(userId);
    this.#endAll(userId);
    await this.#bus.publish(newEvent({ type: 'auth.user.banned', user: this.#user(userId) }, this.#clock));
  }

  async delete(userId: UserId): Promise<void> {
    this.#endAll(userId);
    await this.#bus.publish(newEvent({ type: 'auth.user.deleted', user: this.#user(userId) }, this.#clock));
  }

  #endAll(userId: UserId): void {
    for (const [session, owner] of this.#live) if (owner === userId) this.#live.delete(session);
  }

  #check(userId: UserId, sessionId: SessionId) {
    if (this.#banned.has(userId)) return reject('UNAUTHORIZED', 'Banned', { detail: 'user_banned' });
    if (this.#live.get(sessionId) === userId) return this.#identity(userId, sessionId);
    return reject('UNAUTHORIZED', 'This session is over', { detail: 'revoked_session' });
  }

  #identity(id: UserId, sessionId: SessionId) {
    const { username, name, email, role } = this.#user(id);
    return ok<Identity>({ id, username, name, email, role, sessionId });
  }

  #user(id: UserId): DirectoryUser {
    return {
      id,
      username: `user${id}`,
      name: `User ${id}`,
      email: null,
      role: 'user',
      status: this.#banned.has(id) ? 'banned' : 'active',
      createdAt: new Date(0).toISOString(),
    };
  }
}
