import { quietTimer } from '../timing.ts';
import type { Target } from '../wire.ts';

/** "Writes" is repeated this often while it goes on. */
const REPEAT_MS = 3_000;
/** Without a further keystroke this long, one writes no more. */
const IDLE_MS = 6_000;

interface Word {
  readonly to: Target;
  saidAt: number;
  stopTimer: () => void;
}

/** Turns keystrokes into few words: "writes" now and every few seconds, "writes no more" once. */
export class Typing {
  readonly #tell: (to: Target, active: boolean) => void;
  readonly #words = new Map<string, Word>();

  constructor(tell: (to: Target, active: boolean) => void) {
    this.#tell = tell;
  }

  set(to: Target, active: boolean): void {
    const key = JSON.stringify(to);
    const word = this.#words.get(key);
    word?.stopTimer();
    if (!active) {
      this.#words.delete(key);
      if (word) this.#tell(to, false);
      return;
    }
    const now = Date.now();
    const due = !word || now - word.saidAt >= REPEAT_MS;
    this.#words.set(key, {
      to,
      saidAt: due ? now : word.saidAt,
      stopTimer: quietTimer(IDLE_MS, () => this.set(to, false)),
    });
    if (due) this.#tell(to, true);
  }

  /** Forgets everything without a word. */
  clear(): void {
    for (const word of this.#words.values()) word.stopTimer();
    this.#words.clear();
  }
}
