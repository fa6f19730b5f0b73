import type { Clock } from '@switchboard/ports';
import type { CallId } from '@switchboard/protocol';

/** One local alarm per call, so that a ring ends on the dot and not with the next sweep. */
export class CallTimers {
  readonly #alarms = new Map<CallId, { readonly at: number; readonly alarm: Disposable }>();
  #due: (callId: CallId) => void = () => undefined;

  /** Whom to tell that the time of a call has come. */
  onDue(listener: (callId: CallId) => void): void {
    this.#due = listener;
  }

  /** Replaces the call's alarm. */
  set(clock: Clock, callId: CallId, at: number): void {
    if (this.#alarms.get(callId)?.at === at) return;
    this.clear(callId);
    const alarm = clock.after(Math.max(0, at - clock.now()), () => {
      this.#alarms.delete(callId);
      this.#due(callId);
    });
    this.#alarms.set(callId, { at, alarm });
  }

  clear(callId: CallId): void {
    this.#alarms.get(callId)?.alarm[Symbol.dispose]();
    this.#alarms.delete(callId);
  }

  clearAll(): void {
    for (const callId of [...this.#alarms.keys()]) this.clear(callId);
  }
}
