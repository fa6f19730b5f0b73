import { DEFAULT_PREFERENCES, type NotificationPreferences } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import { isMentioned, mentionTails, wantsMessage } from '../index.ts';

describe('mentions', () => {
  it.each([
    ['hello @bob', 'bob', true],
    ['@Bob hello', 'bob', true],
    ['@bob', 'BOB', true],
    ['(@bob)', 'bob', true],
    ['ask @bob.', 'bob', true],
    ['ask @bob, please', 'bob', true],
    ['@bob’s turn', 'bob', true],
    ['@bobby', 'bob', false],
    ['@bob_2', 'bob', false],
    ['@bob-b here', 'bob', false],
    ['@bob-b here', 'bob-b', true],
    ['@bob.b here', 'bob', false],
    ['bob@bob.example', 'bob', false],
    ['bob', 'bob', false],
    ['@ bob', 'bob', false],
    ['@Ann Lee, see', 'ann lee', true],
    ['@Ann Leed', 'ann lee', false],
    ['@日本 さん', '日本', true],
    ['@@bob', 'bob', true],
    [`@${'x'.repeat(64)}`, 'x'.repeat(64), true],
    [`@${'x'.repeat(65)}`, 'x'.repeat(64), false],
  ])('%j names %s: %s', (text, username, expected) => {
    expect(isMentioned(mentionTails(text), username)).toBe(expected);
  });

  it('are bounded, however many a message holds', () => {
    const tails = mentionTails(Array.from({ length: 4_000 }, (_, n) => `@${n}`).join(' '));
    expect(tails).toHaveLength(50);
    expect(Math.max(...tails.map(({ length }) => length))).toBeLessThanOrEqual(66);
  });
});

describe('whether a message is wanted', () => {
  const NOW = Date.parse('2026-06-01T12:00:00Z');
  const preferences = (messages: Partial<NotificationPreferences['messages']>): NotificationPreferences => ({
    ...DEFAULT_PREFERENCES,
    messages: { ...DEFAULT_PREFERENCES.messages, ...messages },
  });
  const direct = { kind: 'direct', mentioned: false } as const;
  const room = { kind: 'room', mentioned: false } as const;
  const later = '2026-06-01T12:00:01Z';
  it.each([
    ['direct by default', {}, undefined, direct, true],
    ['room by default', {}, undefined, room, false],
    ['room by default, mentioned', {}, undefined, { ...room, mentioned: true }, true],
    ['room: all', { rooms: 'all' }, undefined, room, true],
    ['room: none, mentioned', { rooms: 'none' }, undefined, { ...room, mentioned: true }, false],
    ['direct: none', { direct: 'none' }, undefined, direct, false],
    ['direct: mentions', { direct: 'mentions' }, undefined, direct, false],
    ['the conversation says all', { rooms: 'none' }, { mode: 'all' }, room, true],
    ['the conversation says none', {}, { mode: 'none' }, direct, false],
    ['the conversation says nothing of the mode', { rooms: 'all' }, {}, room, true],
    ['muted', {}, { mutedUntil: later }, direct, false],
    ['muted, mentioned', {}, { mode: 'all', mutedUntil: later }, { ...room, mentioned: true }, false],
    ['muted until now', {}, { mutedUntil: '2026-06-01T12:00:00Z' }, direct, true],
  ] as const)('%s: %5$s', (_what, messages, conversation, news, expected) => {
    expect(wantsMessage(preferences(messages), conversation, news, NOW)).toBe(expected);
  });
});
