import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { searchKeys, searchPrefix, searchText } from './search-keys.ts';

describe('search keys', () => {
  it('find every part of username and name by a prefix', () => {
    const name = fc.string({ minLength: 1, maxLength: 100, unit: 'grapheme' });
    fc.assert(
      fc.property(name, name, fc.nat(), fc.integer({ min: 1, max: 40 }), (username, shown, start, length) => {
        const text = searchText(shown);
        const part = searchText(
          Array.from(text)
            .slice(start % 100, (start % 100) + length)
            .join(''),
        );
        if (part === '' || !text.includes(part)) return;
        const prefix = searchPrefix(part);
        expect(searchKeys(username, shown).some((key) => key.startsWith(prefix))).toBe(true);
      }),
    );
  });

  it('are few and short', () => {
    const keys = searchKeys('u'.repeat(64), 'Johnson '.repeat(12));
    expect(keys.length).toBeLessThanOrEqual(164);
    expect(Math.max(...keys.map(({ length }) => length))).toBeLessThanOrEqual(32);
  });
});
