import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SwitchboardError } from '../errors.ts';
import { Api } from './api.ts';
import type { HttpRequest } from './http.ts';
import { Session, type SignedOut } from './session.ts';
import { memoryStorage, type SessionStorage } from './storage.ts';

const LIFE_S = 100;
const user = { id: '1', username: 'alice', name: 'Alice', email: null, role: 'user' };

/** A token that says how long it lives, by a clock that is an hour wrong. */
function accessToken(n: number): string {
  const iat = Math.floor(Date.now() / 1000) + 3600;
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'x' })}.${part({ iat, exp: iat + LIFE_S, n })}.signature`;
}

type Behaviour = (request: HttpRequest) => unknown;

/** A server that rotates refresh tokens `r0`, `r1`, … and refuses a replaced one. */
function setUp(options: { storage?: SessionStorage; before?: Behaviour } = {}) {
  let turn = 0;
  const requests: HttpRequest[] = [];
  const server = { before: options.before ?? ((): unknown => undefined), refreshes: 0 };
  const pair = () => ({ user, accessToken: accessToken(turn), refreshToken: `r${turn}` });
  const http = async <T>(request: HttpRequest): Promise<T> => {
    requests.push(request);
    await server.before(request);
    if (request.path.endsWith('/login')) return pair() as T;
    if (request.path.endsWith('/password')) {
      turn = 100;
      return pair() as T;
    }
    if (request.path.endsWith('/refresh')) {
      server.refreshes += 1;
      const given = (request.body as { refreshToken: string }).refreshToken;
      if (given !== `r${turn}`) throw refused();
      turn += 1;
      return pair() as T;
    }
    return { token: request.token } as T;
  };
  const storage = options.storage ?? memoryStorage();
  const session = new Session(http, storage, 'key');
  const signedOut: SignedOut[] = [];
  session.changes.on('signed-out', (event) => signedOut.push(event));
  return { session, storage, server, requests, signedOut, http };
}

const refused = () => new SwitchboardError({ code: 'UNAUTHORIZED', message: 'over', status: 401 });
const unreachable = () => new SwitchboardError({ code: 'NETWORK', message: 'away' });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a session', () => {
  it('renews its token before it lapses, whatever the server’s clock says', async () => {
    const { session, server } = setUp();
    await session.logIn('alice', 'password');
    const first = await session.token();
    await vi.advanceTimersByTimeAsync((LIFE_S * 1000 * 4) / 5 - 1);
    expect([await session.token(), server.refreshes]).toEqual([first, 0]);
    await vi.advanceTimersByTimeAsync(1);
    expect(server.refreshes).toBe(1);
    expect(await session.token()).not.toBe(first);
  });

  it('renews once for all who are refused at the same time', async () => {
    const { session, server, requests } = setUp();
    await session.logIn('alice', 'password');
    const lapsed = await session.token();
    server.before = ({ token }) => {
      if (token === lapsed) throw refused();
    };
    const replies = await Promise.all(
      Array.from({ length: 5 }, () => session.authorized<{ token: string }>({ method: 'GET', path: '/x' })),
    );
    expect(server.refreshes).toBe(1);
    expect(new Set(replies.map(({ token }) => token))).toEqual(new Set([await session.token()]));
    // Who was refused with the old token after all this gets the new one without asking.
    expect(await session.refresh(lapsed)).toBe(await session.token());
    expect(server.refreshes).toBe(1);
    expect(requests.filter(({ path }) => path === '/x').length).toBe(10);
  });

  it('hands a renewed token out only once the new pair is saved', async () => {
    let save = (): void => {};
    const storage = memoryStorage();
    const slow: SessionStorage = {
      ...storage,
      setItem: async (key, value) => {
        await new Promise<void>((resolve) => (save = resolve));
        await storage.setItem(key, value);
      },
    };
    const { session } = setUp({ storage: slow });
    const signingIn = session.logIn('alice', 'password');
    await vi.advanceTimersByTimeAsync(0);
    save();
    await signingIn;
    let renewed = false;
    const renewing = session.refresh(await session.token()).then(() => (renewed = true));
    await vi.advanceTimersByTimeAsync(10);
    expect(renewed).toBe(false);
    save();
    await renewing;
    expect(JSON.parse(String(await storage.getItem('key')))).toMatchObject({ refreshToken: 'r1' });
  });

  it('repeats a refresh whose reply was lost, with the same token and well within ten seconds', async () => {
    const { session, server, requests } = setUp();
    await session.logIn('alice', 'password');
    const began = Date.now();
    let tries = 0;
    server.before = ({ path }) => {
      if (!path.endsWith('/refresh')) return;
      tries += 1;
      if (tries < 3) throw unreachable();
    };
    const renewing = session.refresh(await session.token());
    await vi.advanceTimersByTimeAsync(3_000);
    await renewing;
    const asked = requests.filter(({ path }) => path.endsWith('/refresh'));
    expect(asked.map(({ body }) => body)).toEqual(Array(3).fill({ refreshToken: 'r0' }));
    expect(Date.now() - began).toBeLessThan(10_000);
  });

  it('keeps the session while the server is away, and the token while that is good', async () => {
    const { session, server, signedOut } = setUp();
    await session.logIn('alice', 'password');
    const token = await session.token();
    server.before = () => {
      throw unreachable();
    };
    await vi.advanceTimersByTimeAsync(LIFE_S * 1000 - 1);
    expect(await session.token()).toBe(token);
    await vi.advanceTimersByTimeAsync(1);
    const lapsed = session.token().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await lapsed).toMatchObject({ code: 'NETWORK', retryable: true });
    expect([session.account?.id, signedOut]).toEqual(['1', []]);
    server.before = () => undefined;
    // By itself, a while later.
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await session.token()).not.toBe(token);
  });

  it('is over when the server refuses to renew it', async () => {
    const { session, server, storage, signedOut } = setUp();
    await session.logIn('alice', 'password');
    server.before = ({ path }) => {
      if (path.endsWith('/refresh')) throw refused();
    };
    await expect(session.refresh(await session.token())).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(signedOut).toMatchObject([{ reason: 'refused', error: { status: 401 } }]);
    expect([session.account, await storage.getItem('key')]).toEqual([null, null]);
    await expect(session.token()).rejects.toMatchObject({ code: 'NOT_SIGNED_IN' });
  });

  it('takes over what another tab with the same storage has renewed', async () => {
    const { session, storage, server, signedOut, http } = setUp();
    await session.logIn('alice', 'password');
    const mine = await session.token();
    const otherTab = new Session(http, storage, 'key');
    await otherTab.restore();
    const theirs = await otherTab.refresh(mine);
    expect(server.refreshes).toBe(1);
    expect(await session.refresh(mine)).toBe(theirs);
    expect([server.refreshes, signedOut]).toEqual([1, []]);
  });

  it('that was ended while it was being renewed stays ended', async () => {
    const { session, server, storage } = setUp();
    await session.logIn('alice', 'password');
    let reply = (): void => {};
    server.before = ({ path }) =>
      path.endsWith('/refresh') ? new Promise<void>((resolve) => (reply = resolve)) : undefined;
    const renewing = session.refresh(await session.token());
    renewing.catch(() => {});
    await vi.advanceTimersByTimeAsync(0);
    await session.logOut('/api/v1/auth/logout');
    reply();
    await expect(renewing).rejects.toMatchObject({ code: 'NOT_SIGNED_IN' });
    expect([session.account, await storage.getItem('key')]).toEqual([null, null]);
  });

  it('that somebody else follows is not brought back by the reply to its refresh', async () => {
    const { session, server, storage } = setUp();
    await session.logIn('alice', 'password');
    let reply = (): void => {};
    server.before = ({ path }) =>
      path.endsWith('/refresh') ? new Promise<void>((resolve) => (reply = resolve)) : undefined;
    const renewing = session.refresh(await session.token());
    renewing.catch(() => {});
    await vi.advanceTimersByTimeAsync(0);
    await session.logIn('bob', 'password');
    const theirs = await storage.getItem('key');
    reply();
    await expect(renewing).rejects.toMatchObject({ code: 'NOT_SIGNED_IN' });
    expect(await storage.getItem('key')).toBe(theirs);
  });

  it('changes its password not beside a refresh, and whoever is refused meanwhile waits for the new pair', async () => {
    const { session, server, requests, signedOut } = setUp();
    await session.logIn('alice', 'password');
    const first = await session.token();
    const held = new Map<string, () => void>();
    server.before = ({ path }) => new Promise<void>((resolve) => held.set(path, resolve));
    const refreshing = session.refresh(first);
    const changing = session.changePassword('password', 'another');
    await vi.advanceTimersByTimeAsync(0);
    expect(requests.map(({ path }) => path)).not.toContain('/api/v1/auth/password');
    held.get('/api/v1/auth/refresh')?.();
    const second = await refreshing;
    await vi.advanceTimersByTimeAsync(0);

    // The server has replaced the refresh token, and its reply is still on the way.
    const waiting = session.refresh(second);
    await vi.advanceTimersByTimeAsync(1_000);
    held.get('/api/v1/auth/password')?.();
    await changing;
    expect(await waiting).toBe(await session.token());
    expect([await session.token(), server.refreshes, signedOut]).toEqual([accessToken(100), 1, []]);
  });

  it('tries what only reads a few times, and what changes something once', async () => {
    const { session, server, requests } = setUp();
    await session.logIn('alice', 'password');
    server.before = ({ path }) => {
      if (path === '/x') throw unreachable();
    };
    const api = new Api(session);
    const reading = api.request('GET', '/x').catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await reading).toMatchObject({ code: 'NETWORK' });
    expect(requests.filter(({ method }) => method === 'GET').length).toBe(3);
    await expect(api.request('PATCH', '/x', {})).rejects.toMatchObject({ code: 'NETWORK' });
    expect(requests.filter(({ method }) => method === 'PATCH').length).toBe(1);
  });
});
