import { asSwitchboardError, SwitchboardError } from '../errors.ts';
import { quietTimer } from '../timing.ts';
import type { Signal } from '../wire.ts';

export interface SignalQueueParts {
  /** One attempt on the line there is. */
  readonly send: (signal: Signal) => Promise<unknown>;
  /** The server does not take signals from this device now. */
  readonly refused: () => void;
  readonly failed: (error: SwitchboardError) => void;
}

const MAX_WAITING = 400;
const AGAIN_MS = 500;
/** A signal that is refused again although this device has its seat is not for this moment of the call. */
const MAX_REFUSALS = 3;

/**
 * Signals of one call on their way. Sent at once, without waiting for each other's acks, while this device has its seat in the call; else, and when their
 * ack does not come, they wait in order for the seat.
 */
export class SignalQueue {
  readonly #parts: SignalQueueParts;
  #waiting: Signal[] = [];
  readonly #underWay = new Set<Signal>();
  readonly #refusals = new WeakMap<Signal, number>();
  #seated = false;
  #stopTimer: () => void = () => {};

  constructor(parts: SignalQueueParts) {
    this.#parts = parts;
  }

  push(signal: Signal): void {
    if (signal.kind === 'offer') {
      // A new offer gathers anew: what waits of the one before would only confuse.
      this.#waiting = this.#waiting.filter((old) => old.kind === 'answer' || this.#underWay.has(old));
    }
    if (this.#waiting.length >= MAX_WAITING) {
      const message = `${this.#waiting.length} signals wait to be sent already`;
      this.#parts.failed(new SwitchboardError({ code: 'QUEUE_FULL', message }));
      return;
    }
    this.#waiting.push(signal);
    this.#flush();
  }

  get seated(): boolean {
    return this.#seated;
  }

  /** This device holds its seat, or does not (any more). */
  seat(seated: boolean): void {
    this.#seated = seated;
    this.#flush();
  }

  /** Whoever they were for is not there any more. */
  drop(): void {
    this.#waiting = [];
  }

  clear(): void {
    this.#waiting = [];
    this.#seated = false;
    this.#stopTimer();
  }

  #flush(): void {
    if (!this.#seated) return;
    for (const signal of this.#waiting) {
      if (this.#underWay.has(signal)) continue;
      this.#underWay.add(signal);
      void this.#send(signal);
    }
  }

  async #send(signal: Signal): Promise<void> {
    try {
      await this.#parts.send(signal);
      this.#drop(signal);
    } catch (failure) {
      const error = asSwitchboardError(failure);
      this.#underWay.delete(signal);
      if (error.code === 'CLOSED') return;
      if (error.code === 'PERMISSION_DENIED' && this.#seated) {
        const refusals = (this.#refusals.get(signal) ?? 0) + 1;
        this.#refusals.set(signal, refusals);
        if (refusals < MAX_REFUSALS) {
          this.#parts.refused();
          return;
        }
      } else if (error.code === 'PERMISSION_DENIED') return;
      if (error.retryable) {
        this.#stopTimer();
        this.#stopTimer = quietTimer(error.retryAfterMs ?? AGAIN_MS, () => this.#flush());
        return;
      }
      const late = !this.#waiting.includes(signal);
      this.#drop(signal);
      if (!late && error.code !== 'CALL_NOT_FOUND') this.#parts.failed(error);
    }
  }

  #drop(signal: Signal): void {
    this.#underWay.delete(signal);
    this.#waiting = this.#waiting.filter((other) => other !== signal);
  }
}
