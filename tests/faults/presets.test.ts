import { expect, it } from 'vitest';
import { makeSchedule } from './inflict/schedule.ts';
import { LONG, SHORT } from './presets.ts';
import { shapeOf } from './run-faults.ts';

it.each([
  ['short', SHORT],
  ['long', LONG],
])('the %s run holds every ring, and everybody who comes back, to the same', (_, preset) => {
  expect(preset.limits).toEqual({ backWithinMs: 5_000, caughtUpWithinMs: 2_000, ringEndsWithinMs: 45_000 });
  expect(preset.linesInTime).toBe(0.99);
  // A ring that came due in an outage has another lease.
  expect(preset.ringTimeoutMs + preset.leaseMs).toBeLessThanOrEqual(40_000);
  expect(preset.pace).toMatchObject({ nodePaused: 20_000, databasePaused: 10_000 });
});

it('the short run kills and sends enough, is over within ten minutes, and has each kind of fault once', () => {
  const { kills, messages, maxMs, aftermathMs, pace } = SHORT;
  expect([kills, messages]).toEqual([24, 20_000]);
  expect(maxMs + aftermathMs).toBeLessThanOrEqual(10 * 60_000);
  for (let seed = 0; seed < 20; seed += 1) {
    const schedule = makeSchedule({ seed, kills, shape: shapeOf(SHORT), pace });
    expect(schedule.reduce((sum, fault) => sum + fault.kills, 0)).toBe(24);
    const waiting = schedule.reduce((sum, { afterMs, holdMs }) => sum + afterMs + holdMs, 0);
    expect(waiting).toBeLessThan(maxMs / 3);
  }
});

it('the long run has Redis away for a minute', () => {
  expect(LONG.pace.redisAway).toBe(60_000);
});
