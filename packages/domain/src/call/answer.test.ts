import { LIMITS } from '@switchboard/protocol';
import { expect, it } from 'vitest';
import {
  answer,
  CAST,
  end,
  holdCandidate,
  lost,
  place,
  reject,
  renew,
  START,
  stateOf,
  TIMINGS,
} from '../../testing/cast.ts';
import { decideFrozen, play, summary } from '../../testing/play.ts';
import { claimants } from './claimants.ts';

const { caller, callee, second } = CAST;
const room = place(caller, [callee.user, second.user], { offer: { sdp: 'offer' } });

it('gives the answerer a seat and frees every other callee', () => {
  const ringing = play([0, room]);
  const decision = decideFrozen(ringing, { ...answer(callee), answer: { sdp: 'answer' } }, 700);
  const state = stateOf(decision);
  expect(state).toMatchObject({
    call: {
      phase: 'active',
      answeredBy: callee.user.id,
      answerDevice: callee.device,
      answeredAt: new Date(START + 700).toISOString(),
    },
    answerSeat: { device: callee.device, leaseUntil: START + 700 + TIMINGS.leaseMs },
    callees: { 2: 'answered', 3: 'released' },
    offer: { sdp: 'offer' },
    answer: { sdp: 'answer' },
  });
  expect(claimants(state)).toEqual([caller.user.id, callee.user.id]);
  expect(decision).toMatchObject({
    events: [{ type: 'call.answered', call: state.call, by: callee.user.id, device: callee.device }],
  });
});

it('remembers who had refused before somebody answered', () => {
  const state = play([0, room], [10, reject(second, 'busy')], [20, answer(callee)]);
  expect(state.callees).toEqual({ 2: 'answered', 3: 'busy' });
});

it('refuses an answer too big', () => {
  const big = { ...answer(callee), answer: 'x'.repeat(LIMITS.descriptionBytes) };
  const state = play([0, room]);
  expect(summary(state, decideFrozen(state, big, 10))).toBe('INVALID_DATA');
});

it('keeps what was held until the device it is for has renewed, and nothing beyond the end', () => {
  const given = { ...answer(callee), answer: { sdp: 'answer' } };
  const state = play(
    [0, room],
    [5, holdCandidate(caller, 'a')],
    [7, holdCandidate(caller, 'b')],
    [10, given],
  );
  expect(state.heldCandidates).toEqual(['a', 'b']);

  const answererThere = stateOf(decideFrozen(state, renew(callee), 20));
  expect(answererThere).toMatchObject({ heldCandidates: [], answer: { sdp: 'answer' } });
  const callerThere = stateOf(decideFrozen(state, renew(caller), 20));
  expect(callerThere).toMatchObject({ heldCandidates: ['a', 'b'] });
  expect(callerThere).not.toHaveProperty('answer');

  const over = stateOf(decideFrozen(state, end(caller), 20));
  expect(over.heldCandidates).toEqual([]);
  expect(over).not.toHaveProperty('answer');
  expect(over).not.toHaveProperty('offer');
});

it('keeps the answer for a caller that was away', () => {
  const given = { ...answer(callee), answer: { sdp: 'answer' } };
  const state = play([0, room], [5, lost(caller)], [10, given], [20, renew(caller, callee)]);
  expect(state.answer).toEqual({ sdp: 'answer' });
});
