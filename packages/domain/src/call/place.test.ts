import { LIMITS, UserId } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import { CAST, place, START, stateOf, TIMINGS, user } from '../../testing/cast.ts';
import { decideFrozen, play, summary } from '../../testing/play.ts';
import { claimants } from './claimants.ts';

const { caller, callee, second, stranger } = CAST;
const third = user(4);
const both = [callee.user, second.user];
const ids = (...users: { id: UserId }[]) => users.map(({ id }) => id);

describe('a call that can ring', () => {
  it('rings those who can be reached, and keeps the caller and them busy', () => {
    const command = place(caller, [...both, third], {
      reachable: ids(callee.user, second.user),
      busy: ids(second.user),
      offer: { sdp: 'v=0' },
    });
    const decision = decideFrozen(undefined, command, 0);
    const state = stateOf(decision);
    expect(decision).toMatchObject({
      events: [
        {
          type: 'call.ringing',
          call: command.call,
          reachable: ids(callee.user),
          ring: {
            until: new Date(START + TIMINGS.ringMs).toISOString(),
            negotiation: 'offer-first',
            offered: true,
          },
        },
      ],
    });
    expect(state).toEqual({
      call: command.call,
      negotiation: 'offer-first',
      ringUntil: START + TIMINGS.ringMs,
      callerSeat: { device: caller.device, leaseUntil: START + TIMINGS.leaseMs },
      callees: { 2: 'ringing', 3: 'busy', 4: 'unavailable' },
      offer: { sdp: 'v=0' },
      heldCandidates: [],
    });
    expect(claimants(state)).toEqual(ids(caller.user, callee.user));
  });
});

describe('a call that cannot ring is recorded as ended at once', () => {
  const CASES = [
    { what: 'the only callee is busy', callees: [callee.user], busy: both, reachable: [], reason: 'busy' },
    { what: 'found busy and reachable', callees: [callee.user], busy: both, reachable: both, reason: 'busy' },
    { what: 'nobody is reachable', callees: both, busy: [], reachable: [], reason: 'unavailable' },
    { what: 'all are busy', callees: both, busy: both, reachable: [], reason: 'busy' },
    {
      what: 'all who are there are busy',
      callees: both,
      busy: [second.user],
      reachable: [],
      reason: 'busy',
    },
    {
      what: 'only others are reachable',
      callees: both,
      busy: [],
      reachable: [stranger.user],
      reason: 'unavailable',
    },
  ] as const;

  it.each(CASES)('$what: $reason', ({ callees, busy, reachable, reason }) => {
    const command = place(caller, callees, { busy: ids(...busy), reachable: ids(...reachable) });
    const decision = decideFrozen(undefined, command, 0);
    expect(summary(undefined, decision)).toBe(`ended:${reason}`);
    const state = stateOf(decision);
    expect(state.call).toMatchObject({
      phase: 'ended',
      endReason: reason,
      endedAt: new Date(START).toISOString(),
    });
    expect(claimants(state)).toEqual([]);
  });

  it('and a retry hears the same', () => {
    const command = place(caller, [callee.user], { busy: ids(callee.user), reachable: [] });
    const state = play([0, command]);
    expect(stateOf(decideFrozen(state, command, 500))).toBe(state);
  });
});

describe('an id that is taken', () => {
  const state = play([0, place(caller, both)]);
  it('is no change for a retry, from another device too and whatever the order of the callees', () => {
    const retry = place(CAST['caller-2'], both.toReversed());
    expect(summary(state, decideFrozen(state, retry, 10))).toBe('=');
  });
  it.each([
    ['other callees', place(caller, [callee.user, third])],
    ['fewer callees', place(caller, [callee.user])],
    [
      'another kind',
      { ...place(caller, both), call: { ...place(caller, both).call, kind: 'video' as const } },
    ],
    [
      'other media',
      { ...place(caller, both), call: { ...place(caller, both).call, media: 'jitsi' as const } },
    ],
  ])('is refused with %s', (_what, command) => {
    expect(summary(state, decideFrozen(state, command, 10))).toBe('CALL_IN_PROGRESS');
    const ended = play(
      [0, place(caller, both)],
      [5, { type: 'end', userId: caller.user.id, device: caller.device }],
    );
    expect(summary(ended, decideFrozen(ended, command, 10))).toBe('INVALID_DATA');
  });
});

describe('a malformed call', () => {
  const good = place(caller, [callee.user]);
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  const offerOf = (bytes: number) => 'x'.repeat(bytes - 2);
  it.each([
    ['nobody called', place(caller, [])],
    ['oneself called', place(caller, [callee.user, caller.user])],
    ['somebody called twice', place(caller, [callee.user, callee.user])],
    ['not ringing', { ...good, call: { ...good.call, phase: 'active' as const } }],
    ['answered already', { ...good, call: { ...good.call, answeredBy: UserId.parse('2') } }],
    ['ended already', { ...good, call: { ...good.call, endReason: 'missed' as const } }],
    ['an offer too big', { ...good, offer: offerOf(LIMITS.descriptionBytes + 1) }],
    ['an offer that is no JSON', { ...good, offer: cyclic }],
  ])('is refused: %s', (_what, command) => {
    expect(summary(undefined, decideFrozen(undefined, command, 0))).toBe('INVALID_DATA');
  });
  it('has a limit that is itself allowed', () => {
    const command = { ...good, offer: offerOf(LIMITS.descriptionBytes) };
    expect(summary(undefined, decideFrozen(undefined, command, 0))).toBe('ringing');
  });
});
