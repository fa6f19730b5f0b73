import type { Account } from '../wire.ts';

/**
 * Where a session is kept. `localStorage`, `sessionStorage` and React Native's AsyncStorage fit as they are; tabs that share one storage share
 * one session. What is kept lets its holder act as the user.
 */
export interface SessionStorage {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): void | Promise<void>;
  removeItem(key: string): void | Promise<void>;
}

export interface StoredSession {
  readonly user: Account;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** By this machine's clock, epoch ms. */
  readonly expiresAt: number;
}

/** Keeps the session as long as the process lives. */
export function memoryStorage(): SessionStorage {
  const values = new Map<string, string>();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}

/** Undefined for what is no session, whoever wrote it. */
export function parseSession(text: string | null): StoredSession | undefined {
  if (text === null) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { user, accessToken, refreshToken, expiresAt } = value as Partial<StoredSession>;
  if (typeof user?.id !== 'string' || typeof accessToken !== 'string' || typeof refreshToken !== 'string')
    return undefined;
  return { user, accessToken, refreshToken, expiresAt: typeof expiresAt === 'number' ? expiresAt : 0 };
}
