import { LIMITS } from '@switchboard/protocol';
import { expect, it } from 'vitest';
import { CAST, holdCandidate, holdOffer, place, stateOf } from '../../testing/cast.ts';
import { decideFrozen, play, summary } from '../../testing/play.ts';
import type { CallState } from './state.ts';

const { caller, callee } = CAST;
const ringing = play([0, place(caller, [callee.user], { negotiation: 'accept-first' })]);
/** A string of so many bytes as JSON. */
const sized = (bytes: number) => 'x'.repeat(bytes - 2);

function holding(candidates: readonly unknown[]): CallState {
  return candidates.reduce<CallState>(
    (state, candidate) => stateOf(decideFrozen(state, holdCandidate(caller, candidate), 1)),
    ringing,
  );
}
const outcome = (state: CallState, candidate: unknown) =>
  summary(state, decideFrozen(state, holdCandidate(caller, candidate), 2));

it('holds candidates in their order', () => {
  expect(holding(['a', { b: 1 }, null]).heldCandidates).toEqual(['a', { b: 1 }, null]);
});

it('holds no more of them than a side may send', () => {
  const almost = holding(Array.from({ length: LIMITS.candidatesPerSide - 1 }, (_, i) => i));
  expect(outcome(almost, 'the last')).toBe('+');
  expect(outcome(holding([...almost.heldCandidates, 'the last']), 'one more')).toBe('INVALID_DATA');
});

it('holds no more bytes than its bound', () => {
  const each = LIMITS.candidateBytes;
  const full = holding(Array.from({ length: LIMITS.heldCandidateBytes / each }, () => sized(each)));
  expect(outcome(full, 1)).toBe('INVALID_DATA');
  const oneShort = holding(full.heldCandidates.slice(1));
  expect(outcome(oneShort, sized(each))).toBe('+');
});

it('holds no candidate that is too big or no JSON', () => {
  expect(outcome(ringing, sized(LIMITS.candidateBytes))).toBe('+');
  expect(outcome(ringing, sized(LIMITS.candidateBytes + 1))).toBe('INVALID_DATA');
  const none = { ...holdCandidate(caller), candidate: undefined };
  expect(summary(ringing, decideFrozen(ringing, none, 2))).toBe('INVALID_DATA');
  expect(outcome(ringing, 1n)).toBe('INVALID_DATA');
});

it('holds the newest offer of the caller, within its bound', () => {
  const offered = stateOf(decideFrozen(ringing, holdOffer(caller, 'first'), 1));
  expect(stateOf(decideFrozen(offered, holdOffer(caller, 'second'), 2)).offer).toBe('second');
  const decide = (offer: unknown) => summary(ringing, decideFrozen(ringing, holdOffer(caller, offer), 1));
  expect(decide(sized(LIMITS.descriptionBytes))).toBe('+');
  expect(decide(sized(LIMITS.descriptionBytes + 1))).toBe('INVALID_DATA');
  expect(summary(ringing, decideFrozen(ringing, { ...holdOffer(caller), offer: undefined }, 1))).toBe(
    'INVALID_DATA',
  );
});
