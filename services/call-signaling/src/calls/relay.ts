import type { CallState } from '@switchboard/domain';
import { LIMITS, ok, type ReplyOf, type Result, reject, type Signal } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import type { Session } from '../edge/session.ts';
import { signalFrom } from './answered.ts';
import { opposite, partyOf, seatOf } from './parties.ts';
import { refuse } from './refusal.ts';

/**
 * Passes a signal to the other device of an active call: through the call's room alone, no bus, no store. "Signals go only between the two devices
 * in the call, not to the users' other devices."
 */
export function relay(
  context: SignalingContext,
  session: Session,
  state: CallState,
  signal: Signal,
): Result<ReplyOf<'call.signal'>> {
  const me = session.identity.id;
  const from = partyOf(state.call, me);
  const to = opposite(state, me);
  const mine = seatOf(state, me)?.device.deviceId === session.deviceId;
  if (!from || !to || !mine) return refuse('PERMISSION_DENIED');
  if (!counted(context, session, signal)) {
    return reject('INVALID_DATA', `More than ${LIMITS.candidatesPerSide} candidates`);
  }
  const { userId, seat } = to;
  const delivery = signalFrom({ user: from, socketId: session.socketId }, state, signal);
  context.router.relay(state.call.id, { userId, device: seat.device }, delivery);
  return ok({ relayed: seat.awayUntil === undefined });
}

/** Each description begins a new gathering, and with it the count. */
function counted({ calls }: SignalingContext, session: Session, { kind }: Signal): boolean {
  const device = calls.hosted.seatOf(session.deviceId)?.devices.get(session.deviceId);
  if (!device) return true;
  device.candidates = kind === 'candidate' ? device.candidates + 1 : 0;
  return device.candidates <= LIMITS.candidatesPerSide;
}
