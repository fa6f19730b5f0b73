import { describe, expect, it } from 'vitest';
import { attemptInTime } from './attempt-in-time.ts';
import { cleanReport, judgement } from './checker/clean-report.ts';
import type { FaultReport } from './checker/report.ts';

const busy = { ...cleanReport.machine, loadBefore: 5 };
const slow: FaultReport = { ...cleanReport, lines: { ...cleanReport.lines, inTime: 0.5 }, machine: busy };
const lossy: FaultReport = { ...slow, messages: { ...slow.messages, lost: 1 } };

async function attempt(reports: readonly FaultReport[], attempts: number) {
  const left = [...reports];
  const warnings: string[] = [];
  const wrong: number[] = [];
  const held = await attemptInTime({
    attempts,
    judgement,
    run: () => Promise.resolve(left.shift() ?? cleanReport),
    ended: (_, what) => wrong.push(what.length),
    warn: (words) => warnings.push(words),
  });
  return { held, wrong, warnings };
}

describe('a run of faults', () => {
  it('that held is not made again', async () => {
    expect(await attempt([cleanReport], 2)).toEqual({ held: true, wrong: [0], warnings: [] });
  });

  it('that was only too slow on a busy machine is made once more, which is said', async () => {
    const { held, wrong, warnings } = await attempt([slow, cleanReport], 2);
    expect([held, wrong]).toEqual([true, [1, 0]]);
    expect(warnings).toEqual([
      expect.stringContaining('TOO SLOW: connections back and caught up in time: 50.0 %'),
    ]);
    expect(warnings[0]).toContain('seed 7');
    expect(warnings[0]).toContain('busy: load a core before the run: 5.0');
  });

  it('that was too slow again has failed, and so has the only one there was', async () => {
    expect(await attempt([slow, slow, cleanReport], 2)).toMatchObject({ held: false, wrong: [1, 1] });
    expect(await attempt([slow, cleanReport], 1)).toMatchObject({ held: false, wrong: [1], warnings: [] });
  });

  it('that was too slow on a machine that had nothing else to do has failed', async () => {
    const calm: FaultReport = { ...slow, machine: cleanReport.machine };
    expect(await attempt([calm, cleanReport], 2)).toMatchObject({ held: false, wrong: [1], warnings: [] });
  });

  it('that fell short of what it was to be has failed at once', async () => {
    const short: FaultReport = { ...slow, kills: 1 };
    expect(await attempt([short, cleanReport], 2)).toEqual({ held: false, wrong: [2], warnings: [] });
  });

  it('in which anything was wrong has failed at once', async () => {
    expect(await attempt([lossy, cleanReport], 2)).toEqual({ held: false, wrong: [2], warnings: [] });
  });
});
