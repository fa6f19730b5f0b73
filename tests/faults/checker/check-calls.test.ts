import { describe, expect, it } from 'vitest';
import {
  type CallAftermath,
  type CallFindings,
  type CallRecord,
  type CallScene,
  checkCalls,
} from './check-calls.ts';

const [ALICE, BOB] = [0, 1];
const limits = { ringEndsWithinMs: 45_000 };

const call = (id: string, more: Partial<CallRecord> = {}): CallRecord => ({
  id,
  caller: ALICE,
  callee: BOB,
  placedAt: 1_000,
  ends: [],
  ...more,
});
const both = (at: number, reason: string) => [ALICE, BOB].map((who) => ({ who, at, reason }));

/** One that lives on, one that was hung up, one that rang out. */
const calls = (): CallRecord[] => [
  call('live', { answeredAt: 2_000 }),
  call('done', { answeredAt: 2_000, endAskedAt: 5_000, ends: both(5_010, 'hangup') }),
  call('missed', { ends: both(31_000, 'missed') }),
];
const aftermath = (more: Partial<CallAftermath> = {}): CallAftermath => ({
  at: 100_000,
  live: new Set(['live']),
  history: new Map([
    ['done', ['hangup', 'hangup']],
    ['missed', ['missed', 'missed']],
  ]),
  busy: [],
  ...more,
});

const WRONG = ['wronglyEnded', 'unended', 'severalEnds', 'ghost'] as const;
const wrong = (findings: CallFindings) =>
  Object.fromEntries(WRONG.flatMap((what) => (findings[what] > 0 ? [[what, findings[what]]] : [])));
const check = (
  records: CallRecord[],
  after = aftermath(),
  { silences = [], newsLost = [] }: Partial<CallScene> = {},
) => checkCalls(records, after, { silences, newsLost }, limits);

describe('the calls of a run', () => {
  it('finds nothing wrong where nothing is, and counts', () => {
    const findings = check([...calls(), call('busy', { refused: 'USER_UNAVAILABLE' }), { ...call('never') }]);
    expect(wrong(check(calls()))).toEqual({});
    expect(check(calls())).toMatchObject({
      placed: 3,
      established: 2,
      live: 1,
      survived: 1,
      longestRingMs: 30_000,
    });
    expect(findings).toMatchObject({ refused: 1 });
  });

  it('does not count the time in which nobody could have ended it', () => {
    const late = [call('late', { ends: both(81_000, 'missed') })];
    expect(wrong(check(late))).toEqual({ unended: 1 });
    expect(
      wrong(check(late, aftermath(), { silences: [{ what: 'redis', from: 10_000, to: 60_000 }] })),
    ).toEqual({});
  });

  it('counts where history had to guess, and forgives no other difference', () => {
    const newsLost = [{ what: 'nats-emptied', from: 8_000, to: 12_000 }];
    const record = [call('missed', { ends: both(9_000, 'cancelled') })];
    const guessedOf = aftermath({ history: new Map([['missed', ['network_error']]]) });
    const guess = check(record, guessedOf, { newsLost });
    expect([wrong(guess), guess.guessed]).toEqual([{}, 1]);
    // Before it was placed, and long after its end, NATS lost nothing of it; without a loss nobody had to guess.
    for (const from of [-9_000, 30_000]) {
      const other = check(record, guessedOf, {
        newsLost: [{ what: 'nats-emptied', from, to: from + 4_000 }],
      });
      expect([wrong(other), other.guessed]).toEqual([{ severalEnds: 1 }, 0]);
    }
    expect(wrong(check(record, guessedOf))).toEqual({ severalEnds: 1 });
    const torn = [call('done', { answeredAt: 2_000, endAskedAt: 3_000, ends: both(9_000, 'network_error') })];
    expect(wrong(check(torn, aftermath(), { newsLost }))).toEqual({ severalEnds: 1 });
  });

  const cases: readonly [
    string,
    CallRecord[],
    CallAftermath,
    Partial<Record<(typeof WRONG)[number], number>>,
  ][] = [
    [
      'an established call that ended by itself',
      [call('live', { answeredAt: 2_000, ends: both(9_000, 'network_error') })],
      aftermath(),
      { wronglyEnded: 1 },
    ],
    [
      'one that ended before its hang-up',
      [call('done', { answeredAt: 2_000, endAskedAt: 9_000, ends: both(8_000, 'hangup') })],
      aftermath(),
      { wronglyEnded: 1 },
    ],
    [
      'one that a party found gone',
      [call('live', { answeredAt: 2_000, ends: both(9_000, 'gone') })],
      aftermath(),
      { wronglyEnded: 1 },
    ],
    [
      'one that is silent in the end',
      [call('live', { answeredAt: 2_000 })],
      aftermath({ live: new Set() }),
      { wronglyEnded: 1 },
    ],
    ['a ring without end', [call('ringing')], aftermath(), { unended: 1 }],
    [
      'a hang-up that was never carried out',
      [call('hung', { answeredAt: 2_000, endAskedAt: 3_000 })],
      aftermath(),
      { unended: 1 },
    ],
    [
      'two ends of one call',
      [call('two', { ends: [...both(9_000, 'missed'), { who: BOB, at: 9_500, reason: 'cancelled' }] })],
      aftermath(),
      { severalEnds: 1 },
    ],
    [
      'a history that says otherwise',
      [call('missed', { ends: both(9_000, 'cancelled') })],
      aftermath(),
      { severalEnds: 1 },
    ],
    ['a user who is busy without a call', calls(), aftermath({ busy: [BOB] }), { ghost: 1 }],
  ];
  it.each(cases)('finds %s', (_, records, after, finds) => {
    const findings = check(records, after);
    expect(wrong(findings)).toEqual(finds);
    expect(findings.examples.length).toBeGreaterThan(0);
  });
});
