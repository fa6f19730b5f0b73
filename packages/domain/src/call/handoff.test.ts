import { describe, expect, it } from 'vitest';
import {
  answer,
  CAST,
  end,
  holdCandidate,
  lost,
  place,
  renew,
  START,
  stateOf,
  TIMINGS,
  take,
} from '../../testing/cast.ts';
import { decideFrozen, play, type Step, summary } from '../../testing/play.ts';
import { nextDeadline } from './deadline.ts';

const { caller, callee, second } = CAST;
const [caller2, callee2] = [CAST['caller-2'], CAST['callee-2']];
const sdp = (text: string) => ({ type: 'offer', sdp: text });
const placed: Step = [0, place(caller, [callee.user], { offer: sdp('first') })];
const answered: Step = [100, { ...answer(callee), answer: sdp('answer') }];

describe('a call that is taken over', () => {
  it('goes on in the new device, and keeps nothing that was for the old one or of it', () => {
    const before = play(placed, [50, holdCandidate(caller)], answered);
    expect(before).toMatchObject({ offer: {}, answer: {}, heldCandidates: [{}] });
    const decision = decideFrozen(before, take(callee2), 500);
    const state = stateOf(decision);
    expect(decision).toMatchObject({
      events: [
        {
          type: 'call.moved',
          by: callee.user.id,
          device: callee2.device,
          replaced: callee.device.deviceId,
          call: { phase: 'active', answerDevice: callee2.device, callerDevice: caller.device },
        },
      ],
    });
    expect(state).toMatchObject({
      answerSeat: { device: callee2.device, leaseUntil: START + 500 + TIMINGS.leaseMs },
      heldCandidates: [],
      movedBy: callee.user.id,
    });
    expect([state.offer, state.answer]).toEqual([undefined, undefined]);
    expect(state.call.answeredAt).toBe(before.call.answeredAt);
  });

  it('is no longer the old device’s: its loss and its renewals mean nothing, and it cannot hang up', () => {
    const state = play(placed, answered, [500, take(caller2)]);
    const at = (command: Parameters<typeof decideFrozen>[1]) =>
      summary(state, decideFrozen(state, command, 600));
    expect([at(lost(caller)), at(renew(caller)), at(end(caller))]).toEqual(['=', '=', 'PERMISSION_DENIED']);
    expect([at(lost(caller2)), at(end(caller2))]).toEqual(['interrupted', 'ended:hangup']);
  });

  it('goes to the first of two that take at once; who saw that one in it may take it again', () => {
    const third = { user: callee.user, device: { ...callee2.device, deviceId: second.device.deviceId } };
    const state = play(placed, answered, [500, take(callee2)]);
    expect(decideFrozen(state, take(third), 500)).toEqual({ ok: true, state, events: [] });
    const again = decideFrozen(state, take(third, callee2.device.deviceId), 900);
    expect(again).toMatchObject({ state: { answerSeat: { device: third.device } } });
    const back = decideFrozen(stateOf(again), take(callee, third.device.deviceId), 950);
    expect(back).toMatchObject({ state: { answerSeat: { device: callee.device } } });
  });

  it('ends the absence of a device that was away', () => {
    const away = play(placed, answered, [500, lost(callee)]);
    const state = stateOf(decideFrozen(away, take(callee2), 600));
    expect(state.answerSeat).toEqual({ device: callee2.device, leaseUntil: START + 600 + TIMINGS.leaseMs });
    // The caller's lease, and no end of a grace.
    expect(nextDeadline(state)).toBe(START + TIMINGS.leaseMs);
  });

  it('is to be told to the other party until its seat is renewed, whatever the taker does', () => {
    const state = play(placed, answered, [500, take(callee2)], [600, renew(callee2)]);
    expect(state.movedBy).toBe(callee.user.id);
    expect(stateOf(decideFrozen(state, renew(caller), 700)).movedBy).toBeUndefined();
    expect(stateOf(decideFrozen(state, take(caller2), 700)).movedBy).toBe(caller.user.id);
    expect(stateOf(decideFrozen(state, end(caller), 700)).movedBy).toBeUndefined();
  });
});
