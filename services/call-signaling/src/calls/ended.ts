import type { Call, CallEndReason, Delivery, UserId } from '@switchboard/protocol';
import { partyOf } from './parties.ts';

type EndedReason = Extract<Delivery, { type: 'call.ended' }>['reason'];

export function endedDelivery(call: Call, reason: EndedReason, by: UserId | undefined): Delivery {
  const party = by === undefined ? undefined : partyOf(call, by);
  return { type: 'call.ended', call, reason, ...(party ? { by: party } : {}) };
}

/** What both parties of an answered call hear of its end. */
export function hangupDelivery(call: Call, reason: CallEndReason, by: UserId | undefined): Delivery {
  return endedDelivery(call, reason === 'network_error' ? 'network_error' : 'hangup', by);
}

/** What the caller hears when it rings no more and nobody has answered; undefined where the reply to their place has said it all. */
export function ringEndedDelivery(
  call: Call,
  reason: CallEndReason,
  by: UserId | undefined,
): Delivery | undefined {
  const rejected = (callee: UserId | undefined, why: 'rejected' | 'busy' | 'timeout' | 'unavailable') => {
    const party = callee === undefined ? undefined : partyOf(call, callee);
    return party && ({ type: 'call.rejected', call, by: party, reason: why } as const);
  };
  switch (reason) {
    case 'rejected':
    case 'busy':
      return rejected(by, reason);
    case 'missed':
      return rejected(call.callees[0]?.id, 'timeout');
    case 'banned':
      return by === call.caller.id ? undefined : rejected(by, 'unavailable');
    case 'unavailable':
      return undefined;
    case 'cancelled':
    case 'hangup':
    case 'network_error':
      return endedDelivery(call, reason, by);
  }
}
