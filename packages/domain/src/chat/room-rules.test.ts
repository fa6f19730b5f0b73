import { LIMITS, type Result } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import { assertRoomDescription, assertRoomName } from '../index.ts';

const said = (result: Result<string>, field: string) =>
  result.ok ? result.value : `${result.error.code} ${result.error.fields?.[field]?.[0]?.rule}`;

describe('assertRoomName', () => {
  it.each([
    ['as it is', 'General Chat', 'General Chat'],
    ['trimmed', '  General\n', 'General'],
    ['in composed form', 'Cafe\u0301', 'Café'],
    ['with joiners', 'می\u200cخواهم 👨\u200d👩\u200d👧', 'می\u200cخواهم 👨\u200d👩\u200d👧'],
    ['as long as may be', '😀'.repeat(LIMITS.roomNameLength), '😀'.repeat(LIMITS.roomNameLength)],
  ])('takes a name %s', (_what, text, name) => {
    expect(said(assertRoomName(text), 'name')).toBe(name);
  });

  it.each([
    ['nothing', '', 'blank'],
    ['blanks', ' \t\u00a0', 'blank'],
    ['joiners alone', '\u200d\u200c', 'blank'],
    ['one character too many', 'a'.repeat(LIMITS.roomNameLength + 1), 'too_big'],
    ['a line break', 'two\nlines', 'invalid_format'],
    ['a NUL', 'a\0b', 'invalid_format'],
    ['an override of direction', 'a\u202eb', 'invalid_format'],
    ['half a surrogate pair', 'a\ud83d', 'invalid_format'],
  ])('refuses %s', (_what, text, rule) => {
    expect(said(assertRoomName(text), 'name')).toBe(`INVALID_DATA ${rule}`);
  });
});

describe('assertRoomDescription', () => {
  it.each([
    ['', ''],
    [' for\tall\r\nof us ', 'for\tall\r\nof us'],
    ['é'.repeat(LIMITS.roomDescriptionLength), 'é'.repeat(LIMITS.roomDescriptionLength)],
  ])('takes %j', (text, description) => {
    expect(said(assertRoomDescription(text), 'description')).toBe(description);
  });

  it.each([
    ['a'.repeat(LIMITS.roomDescriptionLength + 1), 'too_big'],
    ['bell \u0007', 'invalid_format'],
    ['half \udc00', 'invalid_format'],
  ])('refuses %j', (text, rule) => {
    expect(said(assertRoomDescription(text), 'description')).toBe(`INVALID_DATA ${rule}`);
  });
});
