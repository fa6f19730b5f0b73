import type { SignalingContext } from '../context.ts';

/** A node says so often that it lives. */
export const BEAT_MS = 1_000;
/** Where somebody waits for the seat of one of its sockets, a node that has not said so for this long is taken for dead. */
export const SILENT_MS = 3 * BEAT_MS;

/**
 * This node's own beats. What it makes of the silence of others depends on them: only while its own get through, one after the other, could theirs have.
 */
export class Pulse {
  /** Of the beats that came one after the other up to now. */
  #firstAt = Number.POSITIVE_INFINITY;
  #lastAt = Number.NEGATIVE_INFINITY;

  /** @returns Whether the store has lost what it knew: it had a beat of this node before, and has it no more. */
  beaten(at: number, known: boolean): boolean {
    const isFirst = this.#lastAt === Number.NEGATIVE_INFINITY;
    if (!known || at - this.#lastAt > 2 * BEAT_MS) this.#firstAt = at;
    this.#lastAt = at;
    return !known && !isFirst;
  }

  isSteady(now: number): boolean {
    return now - this.#lastAt <= 2 * BEAT_MS && now - this.#firstAt >= SILENT_MS;
  }
}

/** Says that this node lives. True when the store was emptied since it last did. */
export async function beat({ presence, nodeId, clock, calls }: SignalingContext): Promise<boolean> {
  // It says nothing about the time between being sent and being answered.
  const at = clock.now();
  const { known } = await presence.beat(nodeId, at);
  return calls.pulse.beaten(at, known);
}
