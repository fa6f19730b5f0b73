import { describe, expect, it } from 'vitest';
import {
  answer,
  CAST,
  end,
  lost,
  place,
  presumedLost,
  renew,
  returned,
  START,
  stateOf,
  TIMINGS,
  tick,
} from '../../testing/cast.ts';
import { decideFrozen, play, type Step, summary } from '../../testing/play.ts';
import { nextDeadline } from './deadline.ts';
import { decideCall } from './decide.ts';
import type { CallCommand, CallState } from './state.ts';

const { caller, callee, second } = CAST;
const { ringMs, graceMs, leaseMs } = TIMINGS;
const placed: Step = [0, place(caller, [callee.user, second.user])];
const answered: Step = [100, answer(callee)];
const at = (state: CallState, ms: number, command: CallCommand = tick) =>
  summary(state, decideFrozen(state, command, ms));
const deadline = (state: CallState) => {
  const due = nextDeadline(state);
  return due === null ? null : due - START;
};
const iso = (ms: number) => new Date(START + ms).toISOString();

describe('the ring', () => {
  const ringing = play(placed, [15_000, renew(caller)]);
  it('lasts until the very millisecond of its deadline, then the call was missed', () => {
    expect(deadline(ringing)).toBe(ringMs);
    expect(at(ringing, ringMs - 1)).toBe('=');
    expect(at(ringing, ringMs)).toBe('ended:missed');
    const missed = decideFrozen(ringing, tick, ringMs + 5000);
    expect(missed).toMatchObject({
      state: { call: { endedAt: iso(ringMs) } },
      events: [{ reason: 'missed', from: 'ringing' }],
    });
    expect(stateOf(missed).call).not.toHaveProperty('endedBy');
    expect(deadline(stateOf(missed))).toBeNull();
  });
  it('is over for an answer, a refusal or a cancel that comes before the sweep', () => {
    for (const command of [answer(callee), end(callee), end(caller)]) {
      expect(at(ringing, ringMs, command)).toBe('CALL_NOT_FOUND');
    }
  });
});

describe('a lost device', () => {
  it('of an active call is told to the other party, who waits for the grace', () => {
    const away = decideFrozen(play(placed, answered), lost(callee), 500);
    const state = stateOf(away);
    expect(away).toMatchObject({
      events: [{ type: 'call.interrupted', by: callee.user.id, graceUntil: iso(500 + graceMs) }],
    });
    expect(deadline(state)).toBe(500 + graceMs);
    expect(at(state, 500 + graceMs - 1)).toBe('=');
    expect(decideFrozen(state, tick, 500 + graceMs)).toMatchObject({
      events: [{ type: 'call.ended', reason: 'network_error', by: callee.user.id, from: 'active' }],
    });
  });

  it('of a caller that still rings is told to nobody, and ends the call after the grace', () => {
    const state = play(placed, [500, lost(caller)]);
    expect(deadline(state)).toBe(500 + graceMs);
    expect(decideFrozen(state, tick, 500 + graceMs)).toMatchObject({
      events: [{ type: 'call.ended', reason: 'network_error', by: caller.user.id, from: 'ringing' }],
    });
  });

  it('of both: whoever went first ends the call, however late the sweep', () => {
    const both = play(placed, answered, [500, lost(callee)], [900, lost(caller)]);
    expect(deadline(both)).toBe(500 + graceMs);
    for (const late of [500 + graceMs, 900 + graceMs, 900_000]) {
      expect(decideFrozen(both, tick, late)).toMatchObject({
        state: { call: { endedAt: iso(500 + graceMs), endedBy: callee.user.id } },
      });
    }
    const back = play(placed, answered, [500, lost(callee)], [900, lost(caller)], [1000, returned(callee)]);
    expect(deadline(back)).toBe(900 + graceMs);
  });

  it('whose node is not heard of is away like any other, told once, and may hang up from elsewhere', () => {
    const away = decideFrozen(play(placed, answered), presumedLost(callee), 500);
    expect(away).toMatchObject({ events: [{ type: 'call.interrupted', graceUntil: iso(500 + graceMs) }] });
    const state = stateOf(away);
    expect(at(state, 600, presumedLost(callee))).toBe('=');
    expect(decideFrozen(state, lost(callee), 600)).toMatchObject({
      state: { answerSeat: { awayUntil: START + 500 + graceMs, lost: true } },
      events: [],
    });
    expect(at(state, 600, end(CAST['callee-2']))).toBe('ended:hangup');
    expect(at(state, 600, returned(CAST['callee-2']))).toBe('resumed');
    expect(at(state, 500 + graceMs)).toBe('ended:network_error');
  });

  it('whose node is heard of again after all is back with its renewal, unless it was seen to go', () => {
    const state = play(placed, answered, [500, presumedLost(callee)]);
    expect(decideFrozen(state, renew(callee), 900)).toMatchObject({
      state: { answerSeat: { device: callee.device, leaseUntil: START + 900 + leaseMs } },
      events: [{ type: 'call.resumed', replaced: callee.device.deviceId }],
    });
    expect(at(play(placed, answered, [500, lost(callee)]), 900, renew(callee))).toBe('=');
    expect(at(play(placed, answered, [500, lost(callee)]), 900, presumedLost(callee))).toBe('=');
  });

  it('late in the ring lets the ring end first', () => {
    const state = play(placed, [18_000, renew(caller)], [20_000, lost(caller)]);
    expect(at(state, 99_000)).toBe('ended:missed');
  });
});

describe('a return', () => {
  it('of another device takes the seat over', () => {
    const away = play(placed, answered, [500, lost(caller)]);
    const decision = decideFrozen(away, returned(CAST['caller-2']), 600);
    const device = CAST['caller-2'].device;
    expect(decision).toMatchObject({
      events: [{ type: 'call.resumed', by: caller.user.id, device, replaced: caller.device.deviceId }],
    });
    const state = stateOf(decision);
    expect(state.call.callerDevice).toEqual(device);
    expect(state.callerSeat).toEqual({ device, leaseUntil: START + 600 + leaseMs });
    expect(at(state, 700, lost(caller))).toBe('=');
    expect(at(state, 700, end(caller))).toBe('PERMISSION_DENIED');
    expect(at(state, 700, end(CAST['caller-2']))).toBe('ended:hangup');
  });
  it('of the answerer changes the answer device', () => {
    const state = play(placed, answered, [500, lost(callee)], [600, returned(CAST['callee-2'])]);
    expect(state.call.answerDevice).toEqual(CAST['callee-2'].device);
  });
  it('after the grace finds no call', () => {
    const away = play(placed, answered, [500, lost(caller)]);
    expect(at(away, 500 + graceMs - 1, returned(caller))).toBe('resumed');
    expect(at(away, 500 + graceMs, returned(caller))).toBe('CALL_NOT_FOUND');
  });
});

describe('a lease', () => {
  const active = play(placed, answered, [5000, renew(callee)]);
  it('that lapses counts as a loss at its end', () => {
    expect(deadline(active)).toBe(leaseMs);
    expect(at(active, leaseMs - 1)).toBe('=');
    const lapsed = decideFrozen(active, tick, leaseMs + 300);
    expect(lapsed).toMatchObject({
      events: [{ type: 'call.interrupted', by: caller.user.id, graceUntil: iso(leaseMs + graceMs) }],
    });
    expect(deadline(stateOf(lapsed))).toBe(5000 + leaseMs);
  });
  it('noticed only after the grace ends the call at once', () => {
    expect(decideFrozen(active, tick, leaseMs + graceMs)).toMatchObject({
      state: { call: { endedAt: iso(leaseMs + graceMs), endedBy: caller.user.id } },
      events: [{ type: 'call.ended', reason: 'network_error' }],
    });
  });
  it('is extended by its node, never shortened', () => {
    const renewed = play(placed, answered, [7000, renew(caller, callee)]);
    expect(deadline(renewed)).toBe(7000 + leaseMs);
    expect(at(renewed, 6000, renew(caller))).toBe('=');
  });
  it('that lapsed lets another device in, before or after the sweep', () => {
    const swept = stateOf(decideFrozen(active, tick, leaseMs));
    expect(at(active, leaseMs - 1, returned(CAST['caller-2']))).toBe('PERMISSION_DENIED');
    expect(at(active, leaseMs, returned(CAST['caller-2']))).toBe('interrupted resumed');
    expect(at(swept, leaseMs, returned(CAST['caller-2']))).toBe('resumed');
  });
  it('that lapsed because its node stalled heals with the next renewal', () => {
    const swept = stateOf(decideFrozen(active, tick, leaseMs));
    const healed = decideFrozen(swept, renew(caller, callee), leaseMs + 50);
    expect(summary(swept, healed)).toBe('resumed');
    expect(stateOf(healed).callerSeat).toEqual({
      device: caller.device,
      leaseUntil: START + leaseMs + 50 + leaseMs,
    });
    expect(at(active, leaseMs + graceMs + 1, renew(caller, callee))).toBe('+');
  });
  it('of a device reported lost does not come back by a stale renewal', () => {
    const gone = play(placed, answered, [500, lost(caller)]);
    expect(at(gone, 600, renew(caller))).toBe('=');
    const lapsedThenLost = play(
      placed,
      answered,
      [5000, renew(callee)],
      [leaseMs, tick],
      [leaseMs + 10, lost(caller)],
    );
    expect(at(lapsedThenLost, leaseMs + 20, renew(caller))).toBe('=');
    expect(lapsedThenLost.callerSeat.awayUntil).toBe(START + leaseMs + graceMs);
  });
  it('that lapsed and then is reported lost is told once', () => {
    const swept = stateOf(decideFrozen(active, tick, leaseMs));
    expect(at(swept, leaseMs + 10, lost(caller))).toBe('+');
    expect(at(active, leaseMs, lost(caller))).toBe('interrupted');
  });
  it('that lapsed is left to the sweep by a command without effect', () => {
    expect(at(active, leaseMs, answer(callee))).toBe('=');
  });
  it('that lapsed while it rang is told once somebody answers', () => {
    const ringing = play(placed);
    expect(at(ringing, leaseMs)).toBe('+');
    expect(at(ringing, leaseMs, answer(callee))).toBe('answered interrupted');
  });
});

describe('time that waits, since nobody could renew anything', () => {
  const past = leaseMs + graceMs + 60_000;
  const active = play(placed, answered);
  const decided = (state: CallState, command: CallCommand) =>
    summary(state, decideCall(state, command, START + past, TIMINGS, 'waits'));

  it('ends no call because of a lease that lapsed, and lets its parties hang up', () => {
    expect(at(active, past, end(caller))).toBe('CALL_NOT_FOUND');
    expect(decided(active, end(caller))).toBe('ended:hangup');
    expect(decided(active, lost(callee))).toBe('interrupted');
    expect(decided(active, returned(CAST['caller-2']))).toBe('PERMISSION_DENIED');
  });

  it('lets a party return whose grace ran out meanwhile', () => {
    const away = stateOf(decideFrozen(active, lost(callee), 500));
    expect(at(away, past, returned(callee))).toBe('CALL_NOT_FOUND');
    expect(decided(away, returned(callee))).toBe('resumed');
  });

  it('acts all the same in a sweep, which is not asked while it waits', () => {
    expect(decided(active, tick)).toBe('ended:network_error');
  });
});
