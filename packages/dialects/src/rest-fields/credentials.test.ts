import { describe, expect, it } from 'vitest';
import { DisplayName } from './credentials.ts';

describe('a display name', () => {
  it.each([
    ['a NUL', 'Ann\u0000'],
    ['a newline', 'Ann\nadmin: hello'],
    ['a bidirectional override', 'Ann \u202egnp.exe'],
    ['a bidirectional isolate', 'Ann \u2067x'],
    ['a zero-width space', 'An\u200bn'],
    ['a soft hyphen', 'An\u00adn'],
    ['a lone surrogate', 'Ann\ud83e'],
    ['a tag character', 'Ann\u{e0041}'],
  ])('holds no %s', (_what, name) => {
    const { error } = DisplayName.safeParse(name);
    expect(error?.issues).toMatchObject([{ code: 'custom', params: { rule: 'invalid_format' } }]);
  });

  it.each(['', '  ', '\u200d', '\u200c \u200d'])('is not blank: %j', (name) => {
    expect(DisplayName.safeParse(name).error?.issues).toMatchObject([{ params: { rule: 'blank' } }]);
  });

  it.each(['Anne-Marie O’Neil', '李小龍', 'علی\u200cرضا', 'क्\u200dष', '👩\u200d👩\u200d👧 Fox 🦊'])(
    'may be %j',
    (name) => {
      expect(DisplayName.parse(` ${name} `)).toBe(name.normalize('NFC'));
    },
  );

  it('is one name, typed on whichever keyboard', () => {
    expect(DisplayName.parse('Rene\u0301')).toBe('Ren\u00e9');
  });
});
