import { randomBytes } from 'node:crypto';
import { createHashPool, type HashPoolOptions } from './hash-pool.ts';
import { prehash } from './prehash.ts';

export interface PasswordOptions extends HashPoolOptions {
  /** bcrypt's work factor, 4–16: each step doubles the time of a hash. */
  readonly cost: number;
}

export interface Passwords extends AsyncDisposable {
  hash(password: string): Promise<string>;
  /** `stored` undefined (no such account) is false after the same work as a real comparison. */
  verify(password: string, stored: string | undefined): Promise<boolean>;
  /** The hash was made with another work factor than the one in force. */
  outdated(stored: string): boolean;
}

/** Every method rejects with a retryable SERVICE_UNAVAILABLE while more hashes wait than the queue takes. */
export function createPasswords(options: PasswordOptions): Passwords {
  const pool = createHashPool(options);
  // Equal in cost to every hash stored from now on, and of a secret that nobody knows. Not waited for: a start is to be quick.
  let made: Promise<string> | undefined;
  const nobody = (): Promise<string> => {
    made ??= pool.hash(prehash(randomBytes(32).toString('hex')), options.cost).catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
  nobody().catch(() => {});

  return {
    hash: (password) => pool.hash(prehash(password), options.cost),
    async verify(password, stored) {
      // Whether the account is there or not: the first ones to log in wait alike.
      const otherwise = await nobody();
      const same = await pool.compare(prehash(password), stored ?? otherwise);
      return same && stored !== undefined;
    },
    outdated: (stored) => Number(stored.split('$')[2]) !== options.cost,
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}
