import { jsonBytes, LIMITS } from '@switchboard/protocol';
import { statusOf } from './callees.ts';
import { changed, refused, unchanged } from './decision.ts';
import { iso } from './iso.ts';
import { interruption, isSeated } from './seats.ts';
import type { CallCommand, CallState, CallTimings, Decision, Millis } from './state.ts';

type Answer = Extract<CallCommand, { type: 'answer' }>;

/** "First answer wins; every other device is told at once that it was answered elsewhere." */
export function answerCall(state: CallState, command: Answer, now: Millis, timings: CallTimings): Decision {
  // "A repeated callUser or answerCall inside a live call between the same two is a renegotiation: relayed, not refused."
  if (state.call.phase === 'active' && isSeated(state, command.userId, command.device.deviceId)) {
    return unchanged(state);
  }
  switch (statusOf(state, command.userId)) {
    case undefined:
    case 'unavailable':
      return refused('PERMISSION_DENIED');
    case 'answered':
    case 'rejected':
    case 'busy':
    case 'released':
      return refused('ANSWERED_ELSEWHERE');
    case 'ringing':
      if (jsonBytes(command.answer) > LIMITS.descriptionBytes) return refused('INVALID_DATA');
      return accept(state, command, now, timings);
  }
}

function accept(state: CallState, command: Answer, now: Millis, timings: CallTimings): Decision {
  const { userId: by, device, answer } = command;
  const callees = Object.fromEntries(
    Object.entries(state.callees).map(([id, status]) => {
      if (id === by) return [id, 'answered' as const];
      return [id, status === 'ringing' ? ('released' as const) : status];
    }),
  );
  const call = {
    ...state.call,
    phase: 'active' as const,
    answeredBy: by,
    answerDevice: device,
    answeredAt: iso(now),
  };
  const next: CallState = {
    ...state,
    call,
    callees,
    answerSeat: { device, leaseUntil: now + timings.leaseMs },
    ...(answer === undefined ? {} : { answer }),
  };
  // A caller that was lost while it rang is away from an active call now, and the answerer has to know.
  return changed(next, { type: 'call.answered', call, by, device }, ...interruption(next, 'callerSeat'));
}
