import { UserId } from '@switchboard/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diff, foldPresence, type PendingPresence } from '../index.ts';

const [a, b, c] = ['1', '2', '3'].map((id) => UserId.parse(id)) as [UserId, UserId, UserId];
const none: PendingPresence = new Map();

describe('foldPresence', () => {
  it('cancels a change that is undone', () => {
    const pending = foldPresence(none, { userId: a, online: false });
    expect([...pending]).toEqual([[a, false]]);
    expect(foldPresence(pending, { userId: a, online: true }).size).toBe(0);
  });
  it('leaves what it is given as it was, and gives it back when nothing changed', () => {
    const pending = foldPresence(none, { userId: a, online: true });
    expect(none.size).toBe(0);
    expect(foldPresence(pending, { userId: a, online: true })).toBe(pending);
    foldPresence(pending, { userId: a, online: false });
    expect(pending.size).toBe(1);
  });
  it('tells in the end exactly what differs from the beginning', () => {
    const users = fc.constantFrom(a, b, c);
    fc.assert(
      fc.property(fc.uniqueArray(users), fc.array(users), (before, flips) => {
        const online = new Set(before);
        let pending = none;
        for (const userId of flips) {
          if (!online.delete(userId)) online.add(userId);
          pending = foldPresence(pending, { userId, online: online.has(userId) });
        }
        const { joined, left } = diff(before, [...online]);
        const told = [...joined.map((id) => [id, true]), ...left.map((id) => [id, false])];
        expect(new Map(pending)).toEqual(new Map(told as [UserId, boolean][]));
      }),
    );
  });
});

describe('diff', () => {
  it('says who came and who went, each once', () => {
    expect(diff([a, b, b], [b, c, c])).toEqual({ joined: [c], left: [a] });
    expect(diff([a], [a])).toEqual({ joined: [], left: [] });
  });
});
