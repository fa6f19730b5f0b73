import type { CallFigures } from '@switchboard/dialects';
import { callScore, percentile } from '@switchboard/domain';
import type { CallDoc } from '../store/call-model.ts';

/** What the figures are made of. */
export type Counted = Pick<CallDoc, 'answeredAt' | 'endReason' | 'quality'>;

const FIGURES = ['roundTripMs', 'jitterMs', 'loss', 'setupMs'] as const;

/** Adds calls up to figures. Holds a few numbers for each call that was reported. */
export class Tally {
  #calls = 0;
  #answered = 0;
  #reported = 0;
  #relayed = 0;
  #paths = 0;
  readonly #endReasons: CallFigures['endReasons'] = {};
  readonly #scores: number[] = [];
  readonly #measured = {
    roundTripMs: [] as number[],
    jitterMs: [] as number[],
    loss: [] as number[],
    setupMs: [] as number[],
  };

  add({ answeredAt, endReason, quality }: Counted): void {
    this.#calls += 1;
    if (answeredAt) this.#answered += 1;
    if (endReason) this.#endReasons[endReason] = (this.#endReasons[endReason] ?? 0) + 1;
    const sides = [quality?.caller, quality?.answerer].filter((side) => side !== undefined);
    if (sides.length === 0) return;
    this.#reported += 1;
    const score = callScore(sides.map(({ mos }) => mos));
    if (score !== undefined) this.#scores.push(score);
    const paths = sides.flatMap(({ path }) => path ?? []);
    if (paths.length > 0) this.#paths += 1;
    if (paths.includes('relay')) this.#relayed += 1;
    for (const figure of FIGURES) {
      this.#measured[figure].push(...sides.flatMap((side) => side[figure] ?? []));
    }
  }

  figures(): Omit<CallFigures, 'from' | 'to' | 'complete'> {
    const scores = this.#scores.toSorted((a, b) => a - b);
    const median = percentile(scores, 0.5);
    const p10 = percentile(scores, 0.1);
    const { roundTripMs, jitterMs, loss, setupMs } = this.#measured;
    const setups = setupMs.toSorted((a, b) => a - b);
    const p50 = percentile(setups, 0.5);
    const p95 = percentile(setups, 0.95);
    return {
      calls: this.#calls,
      answered: this.#answered,
      ...(this.#calls === 0 ? {} : { answeredShare: this.#answered / this.#calls }),
      endReasons: { ...this.#endReasons },
      reported: this.#reported,
      ...(median === undefined || p10 === undefined
        ? {}
        : { mos: { mean: scores.reduce((sum, score) => sum + score, 0) / scores.length, median, p10 } }),
      ...medianOf('roundTripMs', roundTripMs),
      ...medianOf('jitterMs', jitterMs),
      ...medianOf('loss', loss),
      ...(this.#paths === 0 ? {} : { relayedShare: this.#relayed / this.#paths }),
      ...(p50 === undefined || p95 === undefined ? {} : { setupMs: { p50, p95 } }),
    };
  }
}

function medianOf<F extends 'roundTripMs' | 'jitterMs' | 'loss'>(
  figure: F,
  values: readonly number[],
): { [K in F]?: number } {
  const median = percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
  return (median === undefined ? {} : { [figure]: median }) as { [K in F]?: number };
}
