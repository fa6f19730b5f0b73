import { signal } from '@preact/signals';
import type { PublicUser, Refusal } from '../wire.ts';

export interface Account extends PublicUser {
  email: string | null;
  role: 'user' | 'admin';
}
interface Tokens {
  accessToken: string;
  refreshToken: string;
}

const KEY = 'switchboard.session';

/** Kept per tab, so that two windows of one browser can be two people. */
function stored(): (Tokens & { user: Account }) | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
  } catch {
    return null;
  }
}

export const account = signal<Account | null>(stored()?.user ?? null);

function keep(session: (Tokens & { user: Account }) | null): void {
  if (session) sessionStorage.setItem(KEY, JSON.stringify(session));
  else sessionStorage.removeItem(KEY);
  account.value = session?.user ?? null;
}

export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(status: number, refusal: Refusal) {
    super(refusal.message);
    this.status = status;
    this.code = refusal.code;
  }
}

async function request<T>(method: string, path: string, body?: unknown, token?: string): Promise<T> {
  const response = await fetch(path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const parsed = text ? JSON.parse(text) : undefined;
  if (!response.ok) {
    throw new ApiError(response.status, parsed?.error ?? { code: 'INTERNAL', message: response.statusText });
  }
  return parsed as T;
}

let refreshing: Promise<string> | null = null;

/** One refresh at a time; whoever comes meanwhile gets its result. A refused refresh ends the session. */
export function refresh(): Promise<string> {
  refreshing ??= (async () => {
    const session = stored();
    if (!session) throw new ApiError(401, { code: 'UNAUTHORIZED', message: 'Not signed in' });
    try {
      const pair = await request<Tokens>('POST', '/api/v1/auth/refresh', {
        refreshToken: session.refreshToken,
      });
      keep({ ...session, accessToken: pair.accessToken, refreshToken: pair.refreshToken });
      return pair.accessToken;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) keep(null);
      throw error;
    }
  })().finally(() => {
    refreshing = null;
  });
  return refreshing;
}

export function accessToken(): string | undefined {
  return stored()?.accessToken;
}

export async function api<T>(method: string, path: string, body?: unknown): Promise<T> {
  try {
    return await request<T>(method, path, body, accessToken());
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401 || !account.value) throw error;
    return request<T>(method, path, body, await refresh());
  }
}

export async function signIn(login: string, password: string): Promise<void> {
  keep(await request<Tokens & { user: Account }>('POST', '/api/v1/auth/login', { login, password }));
}

export interface Registration {
  username: string;
  email?: string;
  name?: string;
  password: string;
  invitationCode?: string;
}
export async function signUp(registration: Registration): Promise<void> {
  keep(await request<Tokens & { user: Account }>('POST', '/api/v1/auth/register', registration));
}

export async function signOut(): Promise<void> {
  const session = stored();
  try {
    if (session) await request('POST', '/api/v1/auth/logout', undefined, session.accessToken);
  } finally {
    keep(null);
  }
}

export function forget(): void {
  keep(null);
}
