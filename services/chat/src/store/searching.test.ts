import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { literalPattern } from './literal-pattern.ts';
import { nameGrams, queryGrams, searchText } from './name-grams.ts';

describe('the pieces of a name', () => {
  it('hold those of everything that is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), fc.nat(), fc.nat(), (name, a, b) => {
        const characters = Array.from(searchText(name));
        const [start, end] = [a, b].map((at) => at % (characters.length + 1)).sort((x, y) => x - y);
        const part = characters.slice(start, end).join('');
        // What is normal inside a name may be normalized anew on its own; then it is another text.
        fc.pre(searchText(part) === part);
        const grams = new Set(nameGrams(name));
        for (const gram of queryGrams(part)) expect(grams).toContain(gram);
      }),
    );
  });

  it('are few, and none for nothing', () => {
    expect(nameGrams('Abc ')).toEqual(['a', 'ab', 'abc', 'b', 'bc', 'bc ', 'c', 'c ', ' ']);
    expect(queryGrams('')).toEqual([]);
    expect(queryGrams('AB')).toEqual(['ab']);
    expect(queryGrams('abcd')).toEqual(['abc', 'bcd']);
    // One character that stands for eighteen must not make an index of its own.
    expect(nameGrams('\ufdfa'.repeat(100)).length).toBeLessThan(3 * 256);
  });
});

describe('a literal pattern', () => {
  it('matches the text it is made of, whole, and none of its characters means anything', () => {
    const hostile = fc.string({
      unit: fc.constantFrom(...'\\^$.*+?()[]{}|/-#= \0\nadDwsxu01é😀'),
      maxLength: 30,
    });
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string()), hostile, (text, other) => {
        const pattern = new RegExp(`^${literalPattern(text)}$`);
        expect(pattern.test(text)).toBe(true);
        expect(pattern.test(other)).toBe(other === text);
        expect(literalPattern(text)).not.toContain('\0');
      }),
    );
  });
});
