import type { CallQuality } from '@switchboard/protocol';

/** What a side of a call measured of what it heard, as far as an opinion score depends on it. */
export type Measured = Pick<CallQuality, 'roundTripMs' | 'jitterMs' | 'loss'>;

/** Of the E-model's default values (ITU-T G.107, table 2) what remains when neither delay nor loss impair a call: R0 - Is. */
const BEST_RATING = 93.2;
/** One-way delay that is there without a network: framing, encoding and playing out, in milliseconds. */
const CODEC_DELAY_MS = 20;
/** A receiver's buffer holds about twice the jitter back. */
const BUFFER_PER_JITTER = 2;
/** Above this one-way delay, in milliseconds, people begin to talk over each other. */
const TALK_OVER_MS = 177.3;
/** How well a codec with concealment stands loss: Bpl of G.711 with concealment, random loss (ITU-T G.113, appendix I). */
const LOSS_ROBUSTNESS = 25.1;
/** The impairment by lost packets never gets greater than this. */
const WORST_LOSS_IMPAIRMENT = 95;

/**
 * The transmission rating R of the E-model, simplified: `R = 93.2 - Id - Ie,eff`, between 0 and 93.2.
 *
 * ```
 *   d      = roundTrip / 2 + 2 × jitter + 20                    one-way delay from mouth to ear, ms
 *   Id     = 0.024 d + 0.11 (d - 177.3) H(d - 177.3)            delay; H is 0 below 0 and 1 from there on
 *   Ie,eff = 95 × Ppl / (Ppl + 25.1)                            loss; Ppl in percent
 * ```
 *
 * Noise, echo and what a codec itself takes away are left out (Is, Ie and A at their defaults), since getStats tells nothing of them: a score compares
 * calls and shows bad networks, and is no measurement of a conversation. What was not measured counts as perfect.
 */
export function transmissionRating({ roundTripMs = 0, jitterMs = 0, loss = 0 }: Measured): number {
  const delay = roundTripMs / 2 + BUFFER_PER_JITTER * jitterMs + CODEC_DELAY_MS;
  const delayImpairment = 0.024 * delay + 0.11 * Math.max(0, delay - TALK_OVER_MS);
  const percent = loss * 100;
  const lossImpairment = (WORST_LOSS_IMPAIRMENT * percent) / (percent + LOSS_ROBUSTNESS);
  return Math.max(0, BEST_RATING - delayImpairment - lossImpairment);
}

/**
 * Estimated mean opinion score, 1 (bad) to about 4.4 (as good as a telephone gets), two decimals: ITU-T G.107, annex B. Undefined when neither
 * the round trip nor loss was measured.
 */
export function meanOpinionScore(measured: Measured): number | undefined {
  if (measured.roundTripMs === undefined && measured.loss === undefined) return undefined;
  const rating = transmissionRating(measured);
  // Annex B's curve dips below 1 between 0 and 6.5.
  const score = 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6;
  return Math.round(Math.max(1, score) * 100) / 100;
}

/** A call is as good as the side that heard worse; undefined while no side has a score. */
export function callScore(sides: readonly (number | undefined)[]): number | undefined {
  const known = sides.filter((score) => score !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
