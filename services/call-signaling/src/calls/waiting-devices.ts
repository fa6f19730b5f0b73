import type { CallId } from '@switchboard/protocol';
import type { Session } from '../edge/session.ts';

/**
 * Sockets that came to a call of their user while its seat seemed taken. Often the seat's own socket is dead by then and nobody knows: its node
 * crashed, or its network went without a word. As soon as the seat is known to be empty, the newcomer gets it.
 */
export class WaitingDevices {
  readonly #waiting = new Map<CallId, Map<Session, number>>();

  /** @param until Epoch ms; a socket that has been there longer is another device of the user, not the same one come back. */
  add(callId: CallId, session: Session, until: number): void {
    const sessions = this.#waiting.get(callId) ?? new Map<Session, number>();
    sessions.set(session, until);
    this.#waiting.set(callId, sessions);
  }

  has(callId: CallId): boolean {
    return this.#waiting.has(callId);
  }

  calls(): CallId[] {
    return [...this.#waiting.keys()];
  }

  /** The newest first: the one before it may be dead as well. */
  of(callId: CallId, now: number): Session[] {
    const sessions = this.#waiting.get(callId);
    if (!sessions) return [];
    for (const [session, until] of sessions) if (until <= now) this.remove(callId, session);
    return [...sessions.keys()].reverse();
  }

  remove(callId: CallId, session: Session): void {
    const sessions = this.#waiting.get(callId);
    sessions?.delete(session);
    if (sessions?.size === 0) this.#waiting.delete(callId);
  }

  forget(callId: CallId): void {
    this.#waiting.delete(callId);
  }
}
