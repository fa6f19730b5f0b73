import { asSwitchboardError } from '../errors.ts';
import { quietTimer, sleep, unlessAborted } from '../timing.ts';
import type { CallEndedReason } from './call-handle.ts';
import type { CallQuality } from './call-record.ts';
import { CallStats, readStats, type StatsSource } from './call-stats.ts';

/** A browser that does not say how it goes is not waited for. */
const STATS_MS = 2_000;

export interface QualityMeterParts {
  readonly report: (callId: string, quality: CallQuality) => Promise<unknown>;
  readonly now?: () => number;
  /** The first sample is taken after this, the others each `everyMs`. */
  readonly firstMs?: number;
  readonly everyMs?: number;
  /** Pauses before a report that came before the call's record is sent again. */
  readonly againMs?: readonly number[];
}

/**
 * Measures a call on this device from `getStats` of its connection, and reports once it is over. Nothing that goes wrong here concerns the call: a
 * report that cannot be made is left out.
 */
export class QualityMeter {
  readonly #callId: string;
  readonly #parts: QualityMeterParts;
  readonly #stats = new CallStats();
  #source: StatsSource | undefined;
  #stopTimer: (() => void) | undefined;
  #activeAt: number | undefined;
  #connectedAt: number | undefined;
  #over = false;

  constructor(callId: string, parts: QualityMeterParts) {
    this.#callId = callId;
    this.#parts = parts;
  }

  /** The call was answered. */
  activated(): void {
    this.#activeAt ??= this.#now();
  }

  /** The call is over for this device. Resolves when its report is made or left out; never rejects. */
  async ended(reason: CallEndedReason): Promise<void> {
    // Another device goes on with it, or had it from the start.
    const elsewhere =
      reason === 'moved' || reason === 'answered_elsewhere' || reason === 'rejected_elsewhere';
    await this.#finish(!elsewhere && this.#activeAt !== undefined);
  }

  /** From now on this connection is measured, in place of the one before, if any. */
  follow(source: StatsSource): void {
    if (this.#over) return;
    this.#leave();
    if (this.#source) this.#stats.renew();
    this.#source = source;
    source.addEventListener('connectionstatechange', this.#onState);
    this.#onState();
    this.#sampleAfter(this.#parts.firstMs ?? 1_000);
  }

  readonly #onState = (): void => {
    if (this.#source?.connectionState === 'connected') this.#connectedAt ??= this.#now();
  };

  #now(): number {
    return (this.#parts.now ?? Date.now)();
  }

  #leave(): void {
    this.#stopTimer?.();
    this.#source?.removeEventListener('connectionstatechange', this.#onState);
  }

  #sampleAfter(ms: number): void {
    this.#stopTimer = quietTimer(ms, () => {
      void this.#sample().then(() => {
        if (!this.#over) this.#sampleAfter(this.#parts.everyMs ?? 5_000);
      });
    });
  }

  async #sample(): Promise<void> {
    const source = this.#source;
    if (!source) return;
    try {
      const limit = new AbortController();
      const stop = quietTimer(STATS_MS, () => limit.abort());
      const stats = await unlessAborted(source.getStats(), limit.signal).finally(stop);
      const reports: object[] = [];
      stats.forEach((one) => {
        reports.push(one);
      });
      if (source === this.#source) this.#stats.add(readStats(reports));
    } catch {
      // What was measured before counts.
    }
  }

  async #finish(report: boolean): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#leave();
    if (!report) return;
    await this.#sample();
    const setup =
      this.#activeAt === undefined || this.#connectedAt === undefined
        ? undefined
        : this.#connectedAt - this.#activeAt;
    const quality = this.#stats.summary(setup);
    if (quality) await this.#send(quality);
  }

  /** The record of a call follows the call by a moment. */
  async #send(quality: CallQuality): Promise<void> {
    for (const pause of [...(this.#parts.againMs ?? [500, 1_000, 2_000, 4_000, 8_000]), undefined]) {
      try {
        await this.#parts.report(this.#callId, quality);
        return;
      } catch (failure) {
        const { code, retryable } = asSwitchboardError(failure);
        const early = code === 'CALL_NOT_FOUND' || code === 'CONFLICT';
        if (pause === undefined || !(early || retryable || code === 'NETWORK')) return;
        await sleep(pause);
      }
    }
  }
}
