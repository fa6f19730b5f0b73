import type { CallDevice, CallEndReason, UserId } from '@switchboard/protocol';
import { changed } from './decision.ts';
import { iso } from './iso.ts';
import type { CallState, Decision, Millis } from './state.ts';

/** Who ended a call, when somebody did, and with which device. */
export interface Ender {
  readonly by?: UserId | undefined;
  readonly device?: CallDevice | undefined;
}

/** Ends a live call: the one way into `ended`, so that there is exactly one call.ended. Drops descriptions and candidates. */
export function finish(state: CallState, reason: CallEndReason, at: Millis, ender: Ender = {}): Decision {
  const { offer: _offer, answer: _answer, movedBy: _movedBy, ...rest } = state;
  const { phase } = state.call;
  const call = {
    ...state.call,
    phase: 'ended' as const,
    endedAt: iso(at),
    endReason: reason,
    ...(ender.by === undefined ? {} : { endedBy: ender.by }),
  };
  return changed(
    { ...rest, call, heldCandidates: [] },
    {
      type: 'call.ended',
      call,
      reason,
      from: phase === 'active' ? 'active' : 'ringing',
      ...(ender.by === undefined ? {} : { by: ender.by }),
      ...(ender.device === undefined ? {} : { device: ender.device }),
    },
  );
}
