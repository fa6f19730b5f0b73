import type { CallState, Seat } from '@switchboard/domain';
import type { Call, CallDevice, PublicUser, UserId } from '@switchboard/protocol';
import type { Session } from '../edge/session.ts';

/** A user of the call as others may see them; undefined for strangers. */
export function partyOf(call: Call, userId: UserId): PublicUser | undefined {
  return call.caller.id === userId ? call.caller : call.callees.find((callee) => callee.id === userId);
}

/** The seat of a user who holds one. */
export function seatOf({ call, callerSeat, answerSeat }: CallState, userId: UserId): Seat | undefined {
  if (call.caller.id === userId) return callerSeat;
  return call.answeredBy === userId ? answerSeat : undefined;
}

/** The user opposite in an active call, and their device. */
export function opposite(
  { call, callerSeat, answerSeat }: CallState,
  userId: UserId,
): { readonly userId: UserId; readonly seat: Seat } | undefined {
  if (call.phase !== 'active' || call.answeredBy === undefined || !answerSeat) return undefined;
  if (call.caller.id === userId) return { userId: call.answeredBy, seat: answerSeat };
  return call.answeredBy === userId ? { userId: call.caller.id, seat: callerSeat } : undefined;
}

/** Both are parties of the call, in whichever roles, and one of them called the other. */
export function isBetween(call: Call, a: UserId, b: UserId): boolean {
  if (call.answeredBy !== undefined) {
    return [call.caller.id, call.answeredBy].includes(a) && [call.caller.id, call.answeredBy].includes(b);
  }
  const callee = (id: UserId) => call.callees.some((user) => user.id === id);
  return (call.caller.id === a && callee(b)) || (call.caller.id === b && callee(a));
}

/**
 * The session as a device of a call. Speaking a command declares a socket, so only one that has not spoken yet takes the dialect
 * of what it takes over.
 */
export function deviceOf(session: Session, otherwise: CallDevice['dialect'] = 'native'): CallDevice {
  return { deviceId: session.deviceId, dialect: session.dialect ?? otherwise };
}
