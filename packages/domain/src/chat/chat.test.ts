import { LIMITS } from '@switchboard/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertContent, decodeCursor, encodeCursor, missing, unread } from '../index.ts';

describe('assertContent', () => {
  const rule = (content: string) => {
    const result = assertContent(content);
    return result.ok ? result.value : `${result.error.code} ${result.error.fields?.content?.[0]?.rule}`;
  };
  it('gives the text back verbatim', () => {
    expect(rule('  hi\n')).toBe('  hi\n');
  });
  it('refuses blank text', () => {
    for (const blank of ['', ' ', '\n\t\u00a0\u3000']) expect(rule(blank)).toBe('INVALID_DATA blank');
  });
  it('refuses half of a surrogate pair, and takes a whole one', () => {
    for (const half of ['\ud83d', 'a\ude00', '\ude00\ud83d'])
      expect(rule(half)).toBe('INVALID_DATA ill_formed');
    expect(rule('\ud83d\ude00')).toBe('😀');
  });
  it.each([
    ['one byte each', 'a', 1],
    ['two bytes as JSON', '"', 2],
    ['three bytes', '€', 3],
    ['four bytes', '😀', 4],
  ])('counts the bytes of the JSON: %s', (_what, char, bytes) => {
    const room = LIMITS.textBytes - 2;
    const full = char.repeat(Math.floor(room / bytes)) + 'a'.repeat(room % bytes);
    expect(rule(full)).toBe(full);
    expect(rule(`${full}a`)).toBe('INVALID_DATA too_big');
  });
});

describe('unread', () => {
  it.each([
    { what: 'nothing there', args: [0, 0] as const, count: 0 },
    { what: 'nothing read', args: [7, 0] as const, count: 7 },
    { what: 'all read', args: [7, 7] as const, count: 0 },
    { what: 'own ones do not count', args: [7, 3, 2] as const, count: 2 },
    { what: 'a read that overtook the list', args: [7, 9] as const, count: 0 },
  ])('$what: $count', ({ args: [last, read, own], count }) => {
    expect(unread(last, read, own)).toBe(count);
  });
});

describe('missing', () => {
  it.each([
    [0, [], []],
    [5, [6, 7], []],
    [5, [8], [{ from: 6, to: 7 }]],
    [
      0,
      [7, 2, 2, 3],
      [
        { from: 1, to: 1 },
        { from: 4, to: 6 },
      ],
    ],
    [5, [1, 5, 3], []],
    [0, [1_000_000_000], [{ from: 1, to: 999_999_999 }]],
  ])('after %j with %j: %j', (after, seqs, gaps) => {
    expect(missing(after, seqs)).toEqual(gaps);
  });
  it('names exactly the seqs that are not there', () => {
    const seq = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(seq, fc.array(seq), (after, seqs) => {
        const named = missing(after, seqs).flatMap(({ from, to }) =>
          Array.from({ length: to - from + 1 }, (_, i) => from + i),
        );
        const top = Math.max(after, ...seqs);
        const absent = Array.from({ length: top - after }, (_, i) => after + 1 + i).filter(
          (s) => !seqs.includes(s),
        );
        expect(named).toEqual(absent);
      }),
    );
  });
});

describe('cursors', () => {
  it('come back as they went', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (seq) => decodeCursor(encodeCursor(seq)) === seq));
    expect(decodeCursor(encodeCursor(Number.MAX_SAFE_INTEGER))).toBe(Number.MAX_SAFE_INTEGER);
  });
  it('are refused when they are not ours', () => {
    const text = (plain: string) => Buffer.from(plain).toString('base64url');
    const bad = [
      '',
      '7',
      '!',
      text('-1'),
      text('1.5'),
      text('1e3'),
      text('01'),
      text(' 1'),
      text(''),
      text('9007199254740992'),
    ];
    for (const cursor of [...bad, `${encodeCursor(100)}==`, `${encodeCursor(7)}A`, 'A'.repeat(10_000)]) {
      expect(decodeCursor(cursor), cursor).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.string(), (cursor) => {
        const seq = decodeCursor(cursor);
        expect(seq === undefined || encodeCursor(seq) === cursor).toBe(true);
      }),
    );
  });
});
