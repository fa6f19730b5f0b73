import { setImmediate as immediate } from 'node:timers/promises';
import { CommandError } from '../errors.ts';

const TURN_MS = 5;

/** Gives way to the event loop in long work and ends it when its time is up. */
export class Pace {
  private readonly deadline: number;
  private turnEnds = performance.now() + TURN_MS;

  /** @param maxTimeMs as the client asked; 0 is without limit */
  constructor(maxTimeMs = 0) {
    this.deadline = maxTimeMs > 0 ? performance.now() + maxTimeMs : Number.POSITIVE_INFINITY;
  }

  /** To be awaited only when `due`, so that short work stays in one turn. */
  async yield(): Promise<void> {
    await immediate();
    this.turnEnds = performance.now() + TURN_MS;
  }

  /** @throws CommandError MaxTimeMSExpired (50) */
  get due(): boolean {
    const now = performance.now();
    if (now > this.deadline) throw new CommandError(50, 'operation exceeded time limit');
    return now > this.turnEnds;
  }
}
