import { createHmac, randomUUID } from 'node:crypto';
import { SessionId, TOKEN_AUDIENCE, TOKEN_ISSUER, UserId } from '@switchboard/protocol';
import jwt from 'jsonwebtoken';
import { describe, expect, it } from 'vitest';
import { createTokenKey, signAccessToken, verifyAccessToken } from './access-token.ts';
import { bearerToken } from './bearer-token.ts';

const SECRET = '0f9a7c51d2e84b36a1c0d9e8f7b6a5c4';
const key = createTokenKey(SECRET);
const subject = {
  sub: UserId.parse('7'),
  username: 'alice',
  role: 'user' as const,
  sid: SessionId.parse(randomUUID()),
};
const claims = (more: object = {}) => ({
  ...subject,
  user_id: '7',
  type: 'access',
  jti: randomUUID(),
  iss: TOKEN_ISSUER,
  aud: TOKEN_AUDIENCE,
  iat: Math.floor(Date.now() / 1000),
  exp: Math.floor(Date.now() / 1000) + 60,
  ...more,
});
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const detailOf = (token: string | undefined, now?: number) => {
  const result = verifyAccessToken(key, token, now);
  return result.ok ? 'good' : `${result.error.code} ${result.error.detail}`;
};

describe('access token', () => {
  it('says what was signed, with the standard claims', () => {
    const now = Date.now();
    const result = verifyAccessToken(key, signAccessToken(key, subject, 60_000, now), now);
    if (!result.ok) throw new Error(result.error.message);
    const iat = Math.floor(now / 1000);
    expect(result.value).toMatchObject({ ...subject, user_id: '7', type: 'access', iat, exp: iat + 60 });
  });

  it('expires', () => {
    const now = Date.now();
    const token = signAccessToken(key, subject, 60_000, now);
    expect(detailOf(token, now + 58_000)).toBe('good');
    expect(detailOf(token, now + 60_000)).toBe('UNAUTHORIZED expired_token');
  });

  const hand = (header: object, payload: object, secret = SECRET): string => {
    const text = `${encode(header)}.${encode(payload)}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };

  it('accepts what is signed by hand as it should be, so that the refusals below mean something', () => {
    expect(detailOf(hand({ alg: 'HS256', typ: 'JWT' }, claims()))).toBe('good');
  });

  it.each([
    ['algorithm none', `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims())}.`],
    ['another algorithm of the same key', jwt.sign(claims(), key, { algorithm: 'HS512' })],
    ['a header that lies about its algorithm', hand({ alg: 'RS256', typ: 'JWT' }, claims())],
    ['another key', hand({ alg: 'HS256', typ: 'JWT' }, claims(), 'another-key-another-key-another-key')],
    ['another issuer', hand({ alg: 'HS256' }, claims({ iss: 'elsewhere' }))],
    ['no issuer', hand({ alg: 'HS256' }, claims({ iss: undefined }))],
    ['another audience', hand({ alg: 'HS256' }, claims({ aud: 'elsewhere' }))],
    ['no audience', hand({ alg: 'HS256' }, claims({ aud: undefined }))],
    ['no expiry', hand({ alg: 'HS256' }, claims({ exp: undefined }))],
    ['another type', hand({ alg: 'HS256' }, claims({ type: 'refresh' }))],
    ['no session', hand({ alg: 'HS256' }, claims({ sid: undefined }))],
    ['two different users', hand({ alg: 'HS256' }, claims({ user_id: '8' }))],
    ['a user id that is none', hand({ alg: 'HS256' }, claims({ sub: '0', user_id: '0' }))],
    ['a payload that is text', jwt.sign('hello', key)],
    ['rubbish', 'a.b.c'],
    ['length', 'x'.repeat(5_000)],
  ])('refuses %s', (_, token) => {
    expect(detailOf(token)).toBe('UNAUTHORIZED bad_token');
  });

  it('refuses a changed payload', () => {
    const [header, , signature] = signAccessToken(key, subject, 60_000).split('.');
    expect(detailOf(`${header}.${encode(claims({ role: 'admin' }))}.${signature}`)).toBe(
      'UNAUTHORIZED bad_token',
    );
  });

  it.each([undefined, ''])('misses a token: %j', (token) => {
    expect(detailOf(token)).toBe('UNAUTHORIZED missing_token');
  });
});

describe('bearerToken', () => {
  it.each([
    [{ authorization: 'Bearer abc' }, 'abc'],
    [{ authorization: 'bearer  abc ' }, 'abc'],
    [{ authorization: 'Basic abc' }, undefined],
    [{ authorization: 'Bearer' }, undefined],
    [{ authorization: 'Bearer a b' }, undefined],
    [{}, undefined],
  ])('%j → %j', (headers, expected) => expect(bearerToken(headers)).toBe(expected));
});
