import type { Entry } from '../log/entry.ts';

/** Messages that were on their way through chat when an instance of it was killed, by how far they had come. */
export interface MomentsOfDeath {
  /** How often it was killed. */
  readonly deaths: number;
  /** Unanswered, and not stored: the next attempt stored them. */
  readonly beforeInsert: number;
  /** Unanswered, yet stored: the next attempt was told so. */
  readonly afterInsert: number;
  /** Acknowledged, and not yet told to the receiver. */
  readonly afterAck: number;
}

/** An event that was not told so long after the acknowledgement waited for another instance to find it. */
const UNTOLD_MS = 1_500;

interface OnItsWay {
  readonly invokedAt: number;
  unknown: boolean;
  ackedAt?: number;
  known?: boolean;
  toldAt?: number;
}

/** @param deaths when instances of chat were killed; milliseconds since the run began. Pure. */
export function momentsOfDeath(entries: Iterable<Entry>, deaths: readonly number[]): MomentsOfDeath {
  const messages = new Map<number, OnItsWay>();
  for (const { kind, key, at, note } of entries) {
    const message = messages.get(key);
    if (!message) {
      if (kind === 'invoke') messages.set(key, { invokedAt: at, unknown: false });
    } else if (kind === 'unknown') message.unknown = true;
    else if (kind === 'ok' && message.ackedAt === undefined) {
      message.ackedAt = at;
      message.known = note === 1;
    } else if (kind === 'deliver') message.toldAt ??= at;
  }
  const moments = { deaths: deaths.length, beforeInsert: 0, afterInsert: 0, afterAck: 0 };
  for (const { invokedAt, unknown, ackedAt, known, toldAt } of messages.values()) {
    if (ackedAt === undefined) continue;
    if (unknown && deaths.some((at) => invokedAt <= at && at < ackedAt)) {
      moments[known ? 'afterInsert' : 'beforeInsert'] += 1;
    }
    const late = toldAt !== undefined && toldAt - ackedAt >= UNTOLD_MS;
    if (late && deaths.some((at) => ackedAt <= at && at < ackedAt + UNTOLD_MS)) moments.afterAck += 1;
  }
  return moments;
}
