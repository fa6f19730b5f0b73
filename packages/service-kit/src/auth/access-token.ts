import { createSecretKey, type KeyObject, randomUUID } from 'node:crypto';
import { AccessClaims, ok, type Result, reject, TOKEN_AUDIENCE, TOKEN_ISSUER } from '@switchboard/protocol';
import jwt from 'jsonwebtoken';

/** A well-formed token is far shorter; what is longer is not worth a look. */
const MAX_TOKEN_LENGTH = 4_096;

/** What a token says beside the standard claims. */
export type TokenSubject = Pick<AccessClaims, 'sub' | 'username' | 'role' | 'sid'>;

export type TokenSigner = (subject: TokenSubject, ttlMs: number) => string;
export type TokenVerifier = (token: string | undefined) => Result<AccessClaims>;

/** The key that access tokens are signed with. A KeyObject is checked once, a string secret with every token. */
export function createTokenKey(secret: string): KeyObject {
  return createSecretKey(Buffer.from(secret, 'utf8'));
}

/** @param now Millisecond epoch at which the token is issued. */
export function signAccessToken(
  key: KeyObject,
  claims: TokenSubject,
  ttlMs: number,
  now: number = Date.now(),
): string {
  const iat = Math.floor(now / 1000);
  const payload = {
    sub: claims.sub,
    user_id: claims.sub,
    username: claims.username,
    role: claims.role,
    type: 'access',
    sid: claims.sid,
    jti: randomUUID(),
    iat,
    exp: iat + Math.max(1, Math.floor(ttlMs / 1000)),
  };
  return jwt.sign(payload, key, { algorithm: 'HS256', issuer: TOKEN_ISSUER, audience: TOKEN_AUDIENCE });
}

/**
 * Checks signature, algorithm, issuer, audience, expiry and claims.
 * Rejects UNAUTHORIZED with detail missing_token, expired_token or bad_token.
 */
export function verifyAccessToken(
  key: KeyObject,
  token: string | undefined,
  now: number = Date.now(),
): Result<AccessClaims> {
  if (!token) return reject('UNAUTHORIZED', 'Authentication required', { detail: 'missing_token' });
  if (token.length > MAX_TOKEN_LENGTH) return badToken();
  try {
    const payload = jwt.verify(token, key, {
      algorithms: ['HS256'],
      issuer: TOKEN_ISSUER,
      audience: TOKEN_AUDIENCE,
      clockTimestamp: Math.floor(now / 1000),
    });
    const claims = AccessClaims.safeParse(payload);
    return claims.success && claims.data.sub === claims.data.user_id ? ok(claims.data) : badToken();
  } catch (error) {
    if (!(error instanceof jwt.TokenExpiredError)) return badToken();
    return reject('UNAUTHORIZED', 'Token expired', { detail: 'expired_token' });
  }
}

function badToken() {
  return reject('UNAUTHORIZED', 'Invalid token', { detail: 'bad_token' });
}

export function createTokenSigner(key: KeyObject): TokenSigner {
  return (subject, ttlMs) => signAccessToken(key, subject, ttlMs);
}

export function createTokenVerifier(key: KeyObject): TokenVerifier {
  return (token) => verifyAccessToken(key, token);
}
