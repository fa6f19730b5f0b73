import { type FaultReport, type Judgement, judge } from './checker/report.ts';

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
 * Whether it held. A run in which something was lost, mixed up or ended wrongly is the last one. Another is granted to one that was right in
 * everything and only too slow, which a busy machine can be; nobody should get used to it, so it says so.
 */
export async function attemptInTime(options: AttemptOptions): Promise<boolean> {
  const { attempts, judgement, run, ended, warn } = options;
  for (let attempt = 1; ; attempt += 1) {
    const report = await run();
    const { broken, missing, late } = judge(report, judgement);
    ended(report, [...broken, ...missing, ...late]);
    if (broken.length + missing.length > 0) return false;
    if (late.length === 0) return true;
    if (attempt >= attempts) return false;
    warn(
      `NOTHING WAS WRONG, BUT IT WAS TOO SLOW: ${late.join('; ')}. Trying once more with seed ${report.seed} (attempt ${attempt + 1} of ${attempts}).`,
    );
  }
}
