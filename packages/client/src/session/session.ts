import { Emitter } from '../emitter.ts';
import { asSwitchboardError, notSignedIn, SwitchboardError } from '../errors.ts';
import { pauseMs, quietTimer, sleep } from '../timing.ts';
import type { Account } from '../wire.ts';
import type { Http, HttpRequest } from './http.ts';
import { type SessionStorage, SessionStore, type StoredSession } from './storage.ts';
import { expiryOf, marginOf } from './token-life.ts';

export interface Registration {
  readonly username: string;
  /** At least 8 characters. */
  readonly password: string;
  readonly email?: string;
  readonly name?: string;
  readonly invitationCode?: string;
}

export interface SignedOut {
  /** logged-out: by this client. refused: the server will not renew the session (revoked, expired, banned, deleted). */
  readonly reason: 'logged-out' | 'refused';
  readonly error?: SwitchboardError;
}

interface SessionChanges {
  'signed-in': Account;
  'signed-out': SignedOut;
  error: SwitchboardError;
}

interface SignedInReply {
  readonly user: Account;
  readonly accessToken: string;
  readonly refreshToken: string;
}

/**
 * The server answers a repeated refresh with the pair that it gave first, for ten seconds; after that the replaced token counts as stolen. So a
 * refresh whose reply was lost is repeated well within that time.
 */
const REFRESH_RETRY_MS = 7_000;
const REFRESH_ATTEMPT_MS = 3_000;
const REFRESH_BACKOFF = { baseMs: 200, maxMs: 1_000 };
/** After a refresh ahead of time failed, the next try. */
const REFRESH_AGAIN_MS = 15_000;

/** Who is signed in, and the tokens that show it. */
export class Session {
  readonly changes = new Emitter<SessionChanges>();
  readonly #http: Http;
  readonly #store: SessionStore;
  #current: StoredSession | undefined;
  #refreshing: Promise<string> | undefined;
  #stopTimer: () => void = () => {};
  /** Changes whenever somebody signs in or out: what was begun for the one before must not touch the next. */
  #epoch = 0;

  constructor(http: Http, storage: SessionStorage, key: string) {
    this.#http = http;
    this.#store = new SessionStore(storage, key, (error) => this.changes.emit('error', error));
  }

  get account(): Account | null {
    return this.#current?.user ?? null;
  }

  async register(registration: Registration): Promise<Account> {
    return this.#signIn('/api/v1/auth/register', registration);
  }

  async logIn(login: string, password: string): Promise<Account> {
    return this.#signIn('/api/v1/auth/login', { username: login, password });
  }

  /**
   * Every other session of the user ends; this one goes on with a new refresh token. The one before counts as stolen from then on, so whoever is refused
   * meanwhile waits for the new one instead of renewing with the old.
   */
  async changePassword(currentPassword: string, newPassword: string): Promise<Account> {
    const session = this.#current;
    if (!session) throw notSignedIn();
    // Nor beside a refresh that is under way.
    const renew = this.#refreshing !== undefined || Date.now() >= dueAt(session);
    const token = renew ? await this.refresh(session.accessToken) : session.accessToken;
    const epoch = this.#epoch;
    const change = this.#http<SignedInReply>({
      method: 'POST',
      path: '/api/v1/auth/password',
      body: { currentPassword, newPassword },
      token,
    }).then(async (reply) => {
      this.#held(epoch);
      await this.#keep(reply);
      return reply.user;
    });
    const waiting = change.then(
      () => this.token(),
      () => this.#rotate(token, epoch),
    );
    waiting.catch(() => {});
    this.#refreshing = waiting;
    try {
      return await change;
    } finally {
      if (this.#refreshing === waiting) this.#refreshing = undefined;
    }
  }

  async #signIn(path: string, body: unknown): Promise<Account> {
    return this.#enter(await this.#http<SignedInReply>({ method: 'POST', path, body }));
  }

  async #enter(reply: SignedInReply): Promise<Account> {
    this.#epoch += 1;
    this.#refreshing = undefined;
    await this.#keep(reply);
    this.changes.emit('signed-in', reply.user);
    return reply.user;
  }

  async restore(): Promise<Account | null> {
    if (this.#current) return this.#current.user;
    const epoch = this.#epoch;
    const found = await this.#store.load();
    // Somebody signed in while the storage was asked.
    if (!found || epoch !== this.#epoch) return this.account;
    this.#epoch += 1;
    this.#adopt(found);
    this.changes.emit('signed-in', found.user);
    return found.user;
  }

  /** Ends the session here in any case; rejects when the server could not be told. */
  async logOut(path: '/api/v1/auth/logout' | '/api/v1/auth/logout-all'): Promise<void> {
    if (!this.#current) return;
    try {
      await this.authorized({ method: 'POST', path });
    } catch (error) {
      // The session is over already: just what was wanted.
      if (!(error instanceof SwitchboardError) || !['UNAUTHORIZED', 'NOT_SIGNED_IN'].includes(error.code))
        throw error;
    } finally {
      await this.#leave({ reason: 'logged-out' });
    }
  }

  /** Forgets the session without telling the server, after the account was deleted. */
  forget(): Promise<void> {
    return this.#leave({ reason: 'logged-out' });
  }

  /** One request with the user's token; a token that is refused is renewed once. */
  async authorized<T>(request: Omit<HttpRequest, 'token'>): Promise<T> {
    const token = await this.token();
    try {
      return await this.#http<T>({ ...request, token });
    } catch (error) {
      if (!(error instanceof SwitchboardError) || error.code !== 'UNAUTHORIZED') throw error;
      return this.#http<T>({ ...request, token: await this.refresh(token) });
    }
  }

  /** An access token that is good now. One that will lapse soon is renewed meanwhile: timers stand still in sleeping machines and hidden pages. */
  async token(): Promise<string> {
    const session = this.#current;
    if (!session) throw notSignedIn();
    const now = Date.now();
    if (now < dueAt(session)) return session.accessToken;
    const renewing = this.refresh(session.accessToken);
    if (now >= session.expiresAt) return renewing;
    // Whose failure shows when this token has lapsed as well.
    renewing.catch(() => {});
    return session.accessToken;
  }

  /**
   * A token other than `refused`. One refresh at a time: whoever comes meanwhile gets its result, and whoever was refused with a token that has been
   * replaced since gets the newer one.
   */
  refresh(refused: string): Promise<string> {
    const session = this.#current;
    if (!session) return Promise.reject(notSignedIn());
    if (session.accessToken !== refused) return Promise.resolve(session.accessToken);
    if (!this.#refreshing) {
      const running = this.#rotate(refused, this.#epoch).finally(() => {
        if (this.#refreshing === running) this.#refreshing = undefined;
      });
      this.#refreshing = running;
    }
    return this.#refreshing;
  }

  async #rotate(refused: string, epoch: number): Promise<string> {
    const giveUpAt = Date.now() + REFRESH_RETRY_MS;
    for (let attempt = 0; ; attempt += 1) {
      const newer = await this.#adoptNewer(epoch);
      if (newer && newer.accessToken !== refused && Date.now() < newer.expiresAt) return newer.accessToken;
      const refreshToken = this.#held(epoch).refreshToken;
      try {
        const reply = await this.#http<SignedInReply>({
          method: 'POST',
          path: '/api/v1/auth/refresh',
          body: { refreshToken },
          timeoutMs: REFRESH_ATTEMPT_MS,
        });
        this.#held(epoch);
        await this.#keep(reply);
        return reply.accessToken;
      } catch (error) {
        this.#held(epoch);
        const failure = asSwitchboardError(error);
        if (isFinal(failure)) {
          // Another tab may have renewed it between our reading and our asking.
          const rescued = await this.#adoptNewer(epoch);
          if (rescued) return rescued.accessToken;
          await this.#leave({ reason: 'refused', error: failure });
          throw failure;
        }
        const pause = pauseMs(attempt, REFRESH_BACKOFF, failure.retryAfterMs);
        if (!failure.retryable || Date.now() + pause > giveUpAt) throw failure;
        await sleep(pause);
      }
    }
  }

  /** The session of this epoch; throws when somebody signed out or in meanwhile. */
  #held(epoch: number): StoredSession {
    if (epoch !== this.#epoch || !this.#current) throw notSignedIn();
    return this.#current;
  }

  /** Takes over what another tab that shares the storage has renewed. Undefined when there is nothing newer. */
  async #adoptNewer(epoch: number): Promise<StoredSession | undefined> {
    const found = await this.#store.load();
    const mine = this.#held(epoch);
    if (!found || found.user.id !== mine.user.id || found.refreshToken === mine.refreshToken)
      return undefined;
    this.#adopt(found);
    return found;
  }

  /** The refresh that brought the pair goes on until it is saved: a refresh token that is used and then lost would take the session with it. */
  async #keep(reply: SignedInReply): Promise<void> {
    const { user, accessToken, refreshToken } = reply;
    const session = { user, accessToken, refreshToken, expiresAt: expiryOf(accessToken, Date.now()) };
    // In memory first: should the storage fail, this is the only copy of the token that still counts.
    this.#adopt(session);
    await this.#store.save(session);
  }

  #adopt(session: StoredSession): void {
    this.#current = session;
    this.#renewAt(dueAt(session));
  }

  #renewAt(at: number): void {
    this.#stopTimer();
    const epoch = this.#epoch;
    this.#stopTimer = quietTimer(at - Date.now(), () => {
      const session = this.#current;
      if (!session || epoch !== this.#epoch) return;
      this.refresh(session.accessToken).catch((error: unknown) => {
        if (epoch !== this.#epoch || !this.#current) return;
        this.changes.emit('error', asSwitchboardError(error));
        this.#renewAt(Date.now() + REFRESH_AGAIN_MS);
      });
    });
  }

  async #leave(signedOut: SignedOut): Promise<void> {
    if (!this.#current) return;
    this.#epoch += 1;
    this.#current = undefined;
    this.#refreshing = undefined;
    this.#stopTimer();
    await this.#store.clear();
    this.changes.emit('signed-out', signedOut);
  }
}

/** When a token is to be renewed, epoch ms: early enough not to lapse under a request. */
function dueAt({ accessToken, expiresAt }: StoredSession): number {
  return expiresAt - marginOf(expiryOf(accessToken, 0));
}

/** The server's own word that this session is over; not that of a proxy without one, nor of an overloaded server. */
function isFinal({ code, status, retryable }: SwitchboardError): boolean {
  return !retryable && (code === 'UNAUTHORIZED' || status === 401 || status === 403 || status === 400);
}
