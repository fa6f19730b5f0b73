import type { CallEndReason } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import { ban, CAST, device, end, place, reject, START, stateOf, user } from '../../testing/cast.ts';
import { decideFrozen, play, summary } from '../../testing/play.ts';
import { claimants } from './claimants.ts';
import type { CallCommand } from './state.ts';

const { caller, callee, second } = CAST;
const third = { user: user(4), device: device(4) };
const everybody = [callee.user, second.user, third.user];

describe('when the last of several says no, the call ends', () => {
  const CASES: { what: string; words: CallCommand[]; reason: CallEndReason }[] = [
    { what: 'all rejected', words: [reject(callee), reject(second), reject(third)], reason: 'rejected' },
    {
      what: 'all busy',
      words: [reject(callee, 'busy'), reject(second, 'busy'), reject(third, 'busy')],
      reason: 'busy',
    },
    {
      what: 'one rejected, then the others busy',
      words: [reject(callee), reject(second, 'busy'), reject(third, 'busy')],
      reason: 'rejected',
    },
    { what: 'ended instead of rejected', words: [end(callee), end(second), end(third)], reason: 'rejected' },
    { what: 'the last one barred', words: [reject(callee), reject(second), ban(third)], reason: 'banned' },
    {
      what: 'one barred, the others busy',
      words: [ban(callee), reject(second, 'busy'), reject(third, 'busy')],
      reason: 'busy',
    },
  ];
  it.each(CASES)('$what: $reason', ({ words, reason }) => {
    let state = play([0, place(caller, everybody)]);
    for (const [i, word] of words.entries()) {
      expect(claimants(state)).toEqual(
        [caller, callee, second, third].filter((_, n) => n === 0 || n > i).map(({ user: { id } }) => id),
      );
      const decision = decideFrozen(state, word, i);
      const last = i === words.length - 1;
      expect(summary(state, decision)).toMatch(last ? `ended:${reason}` : /^declined:/);
      state = stateOf(decision);
    }
    expect(claimants(state)).toEqual([]);
  });
});

it('names who ended a call, with which device, when, and from where', () => {
  const ringing = play([0, place(caller, [callee.user])]);
  const decision = decideFrozen(ringing, reject(callee), 800);
  expect(decision).toMatchObject({
    state: {
      call: {
        phase: 'ended',
        endReason: 'rejected',
        endedBy: callee.user.id,
        endedAt: new Date(START + 800).toISOString(),
      },
    },
    events: [
      { type: 'call.ended', reason: 'rejected', by: callee.user.id, device: callee.device, from: 'ringing' },
    ],
  });
});

it('names nobody and no device where there was none', () => {
  const ringing = play([0, place(caller, [callee.user])]);
  const decision = decideFrozen(ringing, { type: 'reject', userId: callee.user.id, reason: 'busy' }, 800);
  expect(decision.ok && decision.events[0]).not.toHaveProperty('device');
});
