import { type FaultReport, type Judgement, judge } from './checker/report.ts';
import { busyWith } from './machine.ts';

export interface AttemptOptions {
  /** Runs that may be made, at most. */
  readonly attempts: number;
  readonly judgement: Judgement;
  readonly run: () => Promise<FaultReport>;
  /** Told of each run, with what of it did not hold. */
  readonly ended: (report: FaultReport, wrong: readonly string[]) => void;
  /** Told what nobody should overlook. */
  readonly warn: (words: string) => void;
}

/**
 * Whether it held. A run in which something was lost, mixed up or ended wrongly, or that fell short of what it was to do, is the last one. Another is
 * granted to one that was right in everything and only too slow, where it measured that the machine was busy with other things; and it says so.
 */
export async function attemptInTime(options: AttemptOptions): Promise<boolean> {
  const { attempts, judgement, run, ended, warn } = options;
  for (let attempt = 1; ; attempt += 1) {
    const report = await run();
    const { broken, missing, late } = judge(report, judgement);
    ended(report, [...broken, ...missing, ...late]);
    if (broken.length + missing.length > 0) return false;
    if (late.length === 0) return true;
    const busy = busyWith(report.machine);
    if (attempt >= attempts || busy.length === 0) return false;
    warn(
      `NOTHING WAS WRONG, BUT IT WAS TOO SLOW: ${late.join('; ')}. The machine was busy: ${busy.join('; ')}. Trying once more with seed ${report.seed} (attempt ${attempt + 1} of ${attempts}).`,
    );
  }
}
