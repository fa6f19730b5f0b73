import {
  createCipheriv,
  createDecipheriv,
  createHash,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { SessionId } from '@switchboard/protocol';

/**
 * `<session id>.<family>.<turn>`: two secrets of 256 bits, base64url. The turn is new with every rotation; the family stays as long
 * as the session and proves that a token whose turn is not the newest was once handed out here: a reuse, not a guess by
 * somebody who knows the session id alone. Only SHA-256 digests are stored.
 */
export interface RefreshToken {
  readonly sessionId: SessionId;
  readonly family: string;
  readonly turn: string;
}

const SECRET = /^[\w-]{43}$/;
const secret = (): string => randomBytes(32).toString('base64url');

export function newRefreshToken(sessionId: SessionId): RefreshToken {
  return { sessionId, family: secret(), turn: secret() };
}

export function successorOf(token: RefreshToken): RefreshToken {
  return { ...token, turn: secret() };
}

export function formatRefreshToken(token: RefreshToken): string {
  return `${token.sessionId}.${token.family}.${token.turn}`;
}

export function parseRefreshToken(text: string): RefreshToken | undefined {
  const [id, family, turn, ...rest] = text.split('.');
  const sessionId = SessionId.safeParse(id);
  if (!sessionId.success || rest.length > 0) return undefined;
  if (!family || !turn || !SECRET.test(family) || !SECRET.test(turn)) return undefined;
  return { sessionId: sessionId.data, family, turn };
}

export function digest(value: string): string {
  return createHash('sha256').update(value).digest('base64url');
}

export function sameDigest(value: string, stored: string | undefined): boolean {
  const a = Buffer.from(digest(value));
  const b = Buffer.from(stored ?? '');
  return a.length === b.length && timingSafeEqual(a, b);
}

const key = (token: RefreshToken): Buffer =>
  Buffer.from(hkdfSync('sha256', token.turn, token.sessionId, 'switchboard.refresh.retry.v1', 32));

/**
 * Encrypts what the rotation of `token` answered, so that the same answer can be given again to a client that lost it, on
 * any node and after a restart, while the store alone reveals nothing: the key is the replaced token itself.
 */
export function seal(token: RefreshToken, answer: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key(token), nonce);
  const body = Buffer.concat([cipher.update(answer, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
}

/** Throws when the sealed text was made for another token. */
export function unseal(token: RefreshToken, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', key(token), bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
}
