import type { CallId, UserId } from '@switchboard/protocol';
import type { Session } from '../edge/session.ts';

export interface Wait {
  readonly since: number;
  /** Epoch ms; a socket that has been there longer is another device of the user, not the same one come back. */
  readonly until: number;
}

/**
 * Sockets that came to a call of their user while its seat seemed taken. Often the seat's own socket is dead by then and nobody knows: its node
 * crashed, or its network went without a word. As soon as the seat is known to be empty, the newcomer gets it.
 */
export class WaitingDevices {
  readonly #waiting = new Map<CallId, Map<Session, Wait>>();
  /** Came of late and found no call: the store may have lost it, and have it again in a moment. */
  readonly #newcomers = new Map<UserId, Map<Session, Wait>>();

  add(callId: CallId, session: Session, wait: Wait): void {
    put(this.#waiting, callId, session, wait);
  }

  has(callId: CallId): boolean {
    return this.#waiting.has(callId);
  }

  calls(): CallId[] {
    return [...this.#waiting.keys()];
  }

  /** Since when the session waits for a seat in the call; undefined when it does not. */
  since(callId: CallId, session: Session, now: number): number | undefined {
    const wait = this.#waiting.get(callId)?.get(session);
    return wait && wait.until > now ? wait.since : undefined;
  }

  /** The newest first: the one before it may be dead as well. */
  of(callId: CallId, now: number): Session[] {
    return current(this.#waiting, callId, now).map(([session]) => session);
  }

  remove(callId: CallId, session: Session): void {
    drop(this.#waiting, callId, session);
  }

  forget(callId: CallId): void {
    this.#waiting.delete(callId);
  }

  addNewcomer(session: Session, wait: Wait): void {
    put(this.#newcomers, session.identity.id, session, wait);
  }

  removeNewcomer(session: Session): void {
    drop(this.#newcomers, session.identity.id, session);
  }

  hasNewcomers(): boolean {
    return this.#newcomers.size > 0;
  }

  /** Those newcomers of a user who came after the given moment wait for a seat in the call from now on. */
  admitNewcomers(callId: CallId, userId: UserId, after: number, now: number): void {
    for (const [session, wait] of current(this.#newcomers, userId, now).reverse()) {
      if (wait.since <= after) continue;
      this.removeNewcomer(session);
      this.add(callId, session, wait);
    }
  }

  /** Forgets whoever has been there for too long. */
  prune(now: number): void {
    for (const callId of [...this.#waiting.keys()]) current(this.#waiting, callId, now);
    for (const userId of [...this.#newcomers.keys()]) current(this.#newcomers, userId, now);
  }
}

type Waits<Key> = Map<Key, Map<Session, Wait>>;

function put<Key>(waits: Waits<Key>, key: Key, session: Session, wait: Wait): void {
  const sessions = waits.get(key) ?? new Map<Session, Wait>();
  sessions.set(session, wait);
  waits.set(key, sessions);
}

function drop<Key>(waits: Waits<Key>, key: Key, session: Session): void {
  const sessions = waits.get(key);
  sessions?.delete(session);
  if (sessions?.size === 0) waits.delete(key);
}

/** Newest first, without those whose time is over. */
function current<Key>(waits: Waits<Key>, key: Key, now: number): [Session, Wait][] {
  for (const [session, { until }] of waits.get(key) ?? []) if (until <= now) drop(waits, key, session);
  return [...(waits.get(key) ?? [])].reverse();
}
