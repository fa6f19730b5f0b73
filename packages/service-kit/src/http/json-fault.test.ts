import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonFault } from './json-fault.ts';

describe('jsonFault', () => {
  // As `json.loads` of Python 3.12 says them.
  it.each([
    ['', 'Expecting value: line 1 column 1 (char 0)'],
    ['x', 'Expecting value: line 1 column 1 (char 0)'],
    ['{', 'Expecting property name enclosed in double quotes: line 1 column 2 (char 1)'],
    ["{'a': 1}", 'Expecting property name enclosed in double quotes: line 1 column 2 (char 1)'],
    ['{"a": 1,}', 'Expecting property name enclosed in double quotes: line 1 column 9 (char 8)'],
    ['{"a" 1}', "Expecting ':' delimiter: line 1 column 6 (char 5)"],
    ['{"a":', 'Expecting value: line 1 column 6 (char 5)'],
    ['{"a": 1 "b": 2}', "Expecting ',' delimiter: line 1 column 9 (char 8)"],
    ['{\n  "é💬": 1\n  "b": 2\n}', "Expecting ',' delimiter: line 3 column 3 (char 14)"],
    ['[1, 2', "Expecting ',' delimiter: line 1 column 6 (char 5)"],
    ['[1,]', 'Expecting value: line 1 column 4 (char 3)'],
    ['{"a": "b', 'Unterminated string starting at: line 1 column 7 (char 6)'],
    ['{"a": "b\\', 'Unterminated string starting at: line 1 column 7 (char 6)'],
    ['{"a": "b\n"}', 'Invalid control character at: line 1 column 9 (char 8)'],
    ['{"a": "\\x"}', 'Invalid \\escape: line 1 column 8 (char 7)'],
    ['{"a": "\\u12x4"}', 'Invalid \\uXXXX escape: line 1 column 9 (char 8)'],
    ['{} {}', 'Extra data: line 1 column 4 (char 3)'],
    ['01', 'Extra data: line 1 column 2 (char 1)'],
    ['{"a": undefined}', 'Expecting value: line 1 column 7 (char 6)'],
  ])('%j: %s', (text, fault) => {
    expect(jsonFault(text)).toBe(fault);
  });

  it('finds none in JSON', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom('', ' ', '\n\t'), (json, blank) => {
        expect(jsonFault(blank + json + blank)).toBeUndefined();
      }),
    );
  });

  it('finds one wherever the parser does', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.constantFrom('', ',', '}', '"', '\\', '1', ' '), (json, n, put) => {
        const at = n % (json.length + 1);
        const text = json.slice(0, at) + put + json.slice(at + 1);
        expect(jsonFault(text) === undefined).toBe(parses(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes hostile depth and length', () => {
    expect(jsonFault('['.repeat(250_000))).toBe('Expecting value: line 1 column 250001 (char 250000)');
    expect(jsonFault('{"a":'.repeat(50_000))).toMatch(/^Expecting value/);
    expect(jsonFault(`"${'\\n'.repeat(120_000)}`)).toMatch(/^Unterminated/);
  });
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
