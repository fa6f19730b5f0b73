import { expect, it } from 'vitest';
import { cleanReport as clean, judgement } from './clean-report.ts';
import { judge, renderReport } from './report.ts';

it('passes a clean run and names every number', () => {
  expect(judge(clean, judgement)).toEqual({ broken: [], missing: [], late: [] });
  const text = renderReport(clean);
  for (const name of [
    'acked',
    'stored',
    'lost',
    'duplicated',
    'reordered',
    'gaps',
    'phantom',
    'max ack stall',
    'native 3, expo 0; out of turn 0',
    'reconnect p99',
    'calls live',
    'survived',
    'wrongly ended',
    'ghost',
  ]) {
    expect(text).toContain(name);
  }
});

it.each([
  ...(['lost', 'duplicated', 'disagreeing', 'reordered', 'gaps', 'phantom', 'outOfTurn'] as const).map(
    (what) => ({
      what: what as string,
      report: { ...clean, messages: { ...clean.messages, [what]: 1 } },
    }),
  ),
  ...(['wronglyEnded', 'unended', 'severalEnds', 'ghost'] as const).map((what) => ({
    what: what as string,
    report: { ...clean, calls: { ...clean.calls, [what]: 1 } },
  })),
  ...(['untold', 'false', 'ringingOn', 'repeated', 'malformed'] as const).map((what) => ({
    what: what as string,
    report: { ...clean, pushes: { ...clean.pushes, [what]: 1 } },
  })),
  { what: 'neverBack', report: { ...clean, lines: { ...clean.lines, neverBack: 1 } } },
  { what: 'neverCaughtUp', report: { ...clean, lines: { ...clean.lines, neverCaughtUp: 1 } } },
  { what: 'died', report: { ...clean, died: ['chat-1'] } },
])('refuses a run with $what', ({ report }) => {
  expect(judge(report, judgement)).toEqual({ broken: [expect.any(String)], missing: [], late: [] });
});

it('tells what was late from what was wrong', () => {
  const late = { ...clean, lines: { ...clean.lines, inTime: 0.98 } };
  expect(judge(late, judgement)).toEqual({
    broken: [],
    missing: [],
    late: [expect.stringContaining('98.0 %')],
  });
});

it.each([
  { what: 'too few kills', more: { kills: 23 }, says: 'killed: 23 of 24' },
  {
    what: 'too few messages',
    more: { messages: { ...clean.messages, acked: 19_999 } },
    says: 'acknowledged: 19999 of 20000',
  },
  { what: 'too long a time', more: { seconds: 601 }, says: '601 s' },
  { what: 'a kind of fault that never was', more: { faults: {} }, says: 'chat-kill' },
  ...(['beforeInsert', 'afterInsert', 'afterAck'] as const).map((when) => ({
    what: `no death of chat ${when}`,
    more: { moments: { ...clean.moments, [when]: 0 } },
    says: 'chat died 6 times',
  })),
])('refuses a run with $what, though all of it held', ({ more, says }) => {
  expect(judge({ ...clean, ...more }, judgement)).toEqual({
    broken: [],
    missing: [expect.stringContaining(says)],
    late: [],
  });
});

it('asks for the moments of death only where chat died often, and all kinds of faults were there', () => {
  const moments = { deaths: 2, beforeInsert: 0, afterInsert: 0, afterAck: 0 };
  expect(judge({ ...clean, moments }, judgement).missing).toEqual([]);
  const often = { ...clean, moments: { ...moments, deaths: 9 } };
  expect(judge(often, { ...judgement, moments: false }).missing).toEqual([]);
});

it('tells who was killed from who was asked to stop', () => {
  expect(renderReport(clean)).toMatch(/24 killed, 13 asked to stop/);
});

it('lets no kind of fault hide its late connections among the others', () => {
  const byFault = {
    'gateway-kill': { lost: 5_000, inTime: 1 },
    'signaling-pause': { lost: 20, inTime: 0.85 },
  };
  const lines = { ...clean.lines, lost: 5_020, inTime: 0.999, byFault };
  expect(judge({ ...clean, lines }, judgement).late).toEqual([
    expect.stringContaining('after signaling-pause: 85.0 %'),
  ]);
  expect(renderReport({ ...clean, lines })).toMatch(/by signaling-pause +20, in time 85.0 %/);
});

it('says with what the machine was busy, and how much it may be', () => {
  expect(renderReport(clean)).not.toContain('was busy');
  const text = renderReport({ ...clean, machine: { ...clean.machine, loadBefore: 3 } });
  expect(text).toMatch(/was busy +load a core before the run: 3.0, more than 1/);
});
