import type { CallState } from '@switchboard/domain';
import type { SignalingContext } from '../context.ts';
import type { Session } from '../edge/session.ts';
import { movedDelivery } from '../handoff/took-over.ts';
import { answeredDelivery, handOver } from './answered.ts';
import type { LiveCall } from './live-call.ts';
import { deviceOf, seatOf } from './parties.ts';
import { canJoin } from './ringable.ts';
import { seat } from './seat.ts';
import { change } from './transition.ts';

/**
 * "Any new authenticated socket of a party, of a compatible dialect, that arrives within the grace period takes its place in the call." Runs in the
 * call's queue; undefined when there is no place to take.
 */
export async function returnDevice(
  context: SignalingContext,
  session: Session,
  state: CallState,
): Promise<CallState | undefined> {
  const userId = session.identity.id;
  const empty = seatOf(state, userId);
  if (!empty || !canJoin(session.dialect, state.call.media)) return undefined;
  const device = deviceOf(session, empty.device.dialect);
  const outcome = await change(
    context,
    state.call.id,
    { type: 'device-returned', userId, device },
    {
      session,
      applied: async (live) => {
        await seat(context, session, live);
        return tellMissed(session, live);
      },
    },
  );
  return outcome.ok ? outcome.state : undefined;
}

/** What was said while the device was away and is kept until it is known to have been heard. */
function tellMissed(session: Session, live: LiveCall): true | undefined {
  const { state, callerTold } = live;
  const { call, answer } = state;
  if (call.phase !== 'active') return undefined;
  const { movedBy } = state;
  const moved = movedBy !== undefined && movedBy !== session.identity.id && movedDelivery(state, movedBy);
  if (moved) session.deliver(moved);
  if (call.answeredBy === session.identity.id) {
    if (state.heldCandidates.length > 0) handOver(live, session);
    return undefined;
  }
  const delivery = answeredDelivery(state);
  if (!delivery || (callerTold === 'confirmed' && answer === undefined)) return undefined;
  session.deliver(delivery);
  return true;
}
