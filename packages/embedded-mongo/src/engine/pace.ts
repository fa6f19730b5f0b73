import { CommandError } from '../errors.ts';

const TURN_MS = 5;

/** Lets one long piece of work at a time continue per turn of the event loop, so that many scans together block it no longer than one. */
export class Turns {
  private readonly waiting: (() => void)[] = [];

  next(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      if (this.waiting.length === 1) setImmediate(() => this.wake());
    });
  }

  private wake(): void {
    this.waiting.shift()?.();
    if (this.waiting.length > 0) setImmediate(() => this.wake());
  }
}

/** Gives way to the event loop in long work and ends it when its time is up. */
export class Pace {
  private readonly turns: Turns;
  private readonly deadline: number;
  /** Counted from the first look, for a command that waited for its collection has not worked yet. */
  private turnEnds: number | undefined;

  /** @param maxTimeMs as the client asked; 0 is without limit */
  constructor(turns: Turns, maxTimeMs = 0) {
    this.turns = turns;
    this.deadline = maxTimeMs > 0 ? performance.now() + maxTimeMs : Number.POSITIVE_INFINITY;
  }

  /** To be awaited only when `due`, so that short work stays in one turn. */
  async yield(): Promise<void> {
    await this.turns.next();
    this.turnEnds = performance.now() + TURN_MS;
  }

  /** @throws CommandError MaxTimeMSExpired (50) */
  get due(): boolean {
    const now = performance.now();
    if (now > this.deadline) throw new CommandError(50, 'operation exceeded time limit');
    this.turnEnds ??= now + TURN_MS;
    return now > this.turnEnds;
  }
}
