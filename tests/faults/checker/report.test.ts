import { expect, it } from 'vitest';
import { type FaultReport, renderReport, violations } from './report.ts';

const clean: FaultReport = {
  seed: 7,
  kills: 24,
  died: [],
  seconds: 300,
  faults: { 'chat-kill': '3 times' },
  moments: { beforeInsert: 3, afterInsert: 2, afterAck: 1 },
  messages: {
    acked: 20_000,
    stored: 20_000,
    delivered: 20_000,
    lost: 0,
    duplicated: 0,
    disagreeing: 0,
    reordered: 0,
    gaps: 0,
    phantom: 0,
    deliveredLate: 3,
    deliveredAgain: 4,
    storedUnheard: 5,
    maxAckStallMs: 1_234,
    examples: [],
  },
  lines: { lost: 9, neverBack: 0, reconnectP99Ms: 900, catchUpP99Ms: 100, inTime: 0.99 },
  calls: {
    placed: 90,
    refused: 1,
    established: 40,
    live: 8,
    survived: 8,
    wronglyEnded: 0,
    unended: 0,
    severalEnds: 0,
    guessed: 0,
    ghost: 0,
    longestRingMs: 10_000,
    examples: [],
  },
};

it('passes a clean run and names every number', () => {
  expect(violations(clean, { linesInTime: 0.99 })).toEqual([]);
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
  { what: 'neverBack', report: { ...clean, lines: { ...clean.lines, neverBack: 1 } } },
  { what: 'inTime', report: { ...clean, lines: { ...clean.lines, inTime: 0.98 } } },
  { what: 'died', report: { ...clean, died: ['chat-1'] } },
])('refuses a run with $what', ({ report }) => {
  expect(violations(report, { linesInTime: 0.99 })).toHaveLength(1);
});
