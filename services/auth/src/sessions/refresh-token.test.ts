import { randomUUID } from 'node:crypto';
import { SessionId } from '@switchboard/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  digest,
  formatRefreshToken,
  newRefreshToken,
  parseRefreshToken,
  sameDigest,
  seal,
  successorOf,
  unseal,
} from './refresh-token.ts';

const fresh = () => newRefreshToken(SessionId.parse(randomUUID()));

describe('refresh tokens', () => {
  it('are read as they were written, and hold two secrets of 256 bits', () => {
    const token = fresh();
    expect(parseRefreshToken(formatRefreshToken(token))).toEqual(token);
    for (const secret of [token.family, token.turn])
      expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
  });

  it('keep the family and change the turn', () => {
    const token = fresh();
    const next = successorOf(token);
    expect(next).toEqual({ ...token, turn: expect.any(String) });
    expect(next.turn).not.toBe(token.turn);
  });

  it('nothing else is one, and nothing throws', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        expect(parseRefreshToken(text)).toBeUndefined();
      }),
    );
  });

  it('match their digest alone', () => {
    expect(sameDigest('a', digest('a'))).toBe(true);
    expect(sameDigest('a', digest('b'))).toBe(false);
    expect(sameDigest('a', undefined)).toBe(false);
    expect(sameDigest('a', 'a')).toBe(false);
  });

  it('open what was sealed with them, and nothing else', () => {
    const token = fresh();
    const sealed = seal(token, '{"accessToken":"x"}');
    expect(unseal(token, sealed)).toBe('{"accessToken":"x"}');
    expect(sealed).not.toContain('accessToken');
    expect(() => unseal(successorOf(token), sealed)).toThrow();
    expect(() => unseal(token, `${sealed.slice(0, -2)}AA`)).toThrow();
  });
});
