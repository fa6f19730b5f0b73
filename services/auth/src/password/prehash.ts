import { createHmac } from 'node:crypto';

/** Separates these digests from any other SHA-384 of the same password, so that a leaked foreign digest opens nothing here. */
const LABEL = 'switchboard.password.v1';

/**
 * bcrypt reads 72 bytes and stops at a NUL. A keyed digest in base64 is 64 characters without one, so every
 * byte of a password counts, whatever its length. NFKC first: one password typed on two keyboards is one password.
 */
export function prehash(password: string): string {
  return createHmac('sha384', LABEL).update(password.normalize('NFKC'), 'utf8').digest('base64');
}
