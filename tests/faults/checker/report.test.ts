import { expect, it } from 'vitest';
import { cleanReport as clean } from './clean-report.ts';
import { judge, renderReport } from './report.ts';

it('passes a clean run and names every number', () => {
  expect(judge(clean, { linesInTime: 0.99 })).toEqual({ broken: [], late: [] });
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
  ...(['lost', 'duplicated', 'disagreeing', 'reordered', 'gaps', 'phantom'] as const).map((what) => ({
    what: what as string,
    report: { ...clean, messages: { ...clean.messages, [what]: 1 } },
  })),
  ...(['wronglyEnded', 'unended', 'severalEnds', 'ghost'] as const).map((what) => ({
    what: what as string,
    report: { ...clean, calls: { ...clean.calls, [what]: 1 } },
  })),
  ...(['untold', 'false', 'ringingOn', 'repeated', 'malformed'] as const).map((what) => ({
    what: what as string,
    report: { ...clean, pushes: { ...clean.pushes, [what]: 1 } },
  })),
  { what: 'neverBack', report: { ...clean, lines: { ...clean.lines, neverBack: 1 } } },
  { what: 'died', report: { ...clean, died: ['chat-1'] } },
])('refuses a run with $what', ({ report }) => {
  expect(judge(report, { linesInTime: 0.99 })).toEqual({ broken: [expect.any(String)], late: [] });
});

it('tells what was late from what was wrong', () => {
  const late = { ...clean, lines: { ...clean.lines, inTime: 0.98 } };
  expect(judge(late, { linesInTime: 0.99 })).toEqual({
    broken: [],
    late: [expect.stringContaining('98.0 %')],
  });
});
