import { isDeepStrictEqual } from 'node:util';
import type { CallState } from '@switchboard/domain';
import { ok } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import { ringRung } from '../deliver/ring.ts';
import type { Session } from '../edge/session.ts';
import { takeFrom } from './call-budget.ts';
import { seatOf } from './parties.ts';
import type { Placed } from './place.ts';
import { refuse } from './refusal.ts';
import { relay } from './relay.ts';
import { transition } from './transition.ts';

/**
 * "A repeated callUser inside a live call between the same two is a renegotiation: relayed, not refused." While it still rings, the caller's new offer
 * takes the place of the old and the callee's devices ring with it, lest one answers an offer that nobody holds any more.
 */
export async function renegotiate(
  context: SignalingContext,
  session: Session,
  state: CallState,
  offer: unknown,
): Promise<Placed | undefined> {
  const { id: userId } = session.identity;
  const { deviceId } = session;
  const seated = seatOf(state, userId)?.device.deviceId === deviceId;
  if (!seated || offer === undefined) return refuse('CALL_IN_PROGRESS');

  // Ringing is what a new call costs, so an offer that rings everything anew is not free either; a retry rings nothing.
  if (state.call.phase === 'ringing' && !isDeepStrictEqual(state.offer, offer)) {
    const allowed = await takeFrom('rings', context, session);
    if (!allowed.ok) return allowed;
  }
  const hold = { type: 'hold-offer', userId, deviceId, offer } as const;
  const outcome = await transition(context, state.call.id, hold).catch((err: unknown) => {
    // Found as it is by a retry, it may not have rung.
    context.calls.unrung.add(session);
    throw err;
  });
  if (!outcome.ok) {
    return outcome.refusal === 'CALL_NOT_FOUND' ? undefined : refuse(outcome.refusal);
  }
  const { call } = outcome.state;
  if (call.phase === 'ringing') {
    const unrung = context.calls.unrung.delete(session);
    if (unrung || !isDeepStrictEqual(outcome.before?.offer, offer)) await ringRung(context, outcome.state);
    return ok({ call, renegotiation: true });
  }
  const relayed = relay(context, session, outcome.state, { kind: 'offer', payload: offer });
  return relayed.ok ? ok({ call, renegotiation: true }) : relayed;
}
