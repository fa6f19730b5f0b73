import type { CallState } from '@switchboard/domain';
import type { Delivery, PublicUser } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import type { Session } from '../edge/session.ts';
import type { LiveCall } from './live-call.ts';
import { partyOf } from './parties.ts';
import { seat } from './seat.ts';

/** What the caller is told once somebody answered; undefined while nobody has. */
export function answeredDelivery(state: CallState): Delivery | undefined {
  const { call, answer } = state;
  const by = call.answeredBy && partyOf(call, call.answeredBy);
  const device = call.answerDevice;
  if (call.phase !== 'active' || !by || !device) return undefined;
  if (answer !== undefined) return { type: 'call.answered', call, by, device, answer };
  return { type: 'call.answered', call, by, device, ...(owesAnswer(state) ? { answerFollows: true } : {}) };
}

/** The caller's offer came with the ring, and the callee answers it, if at all, by signals. */
function owesAnswer({ call, negotiation, answer }: CallState): boolean {
  return call.media === 'p2p' && negotiation === 'offer-first' && answer === undefined;
}

/**
 * This session answered. The caller is told from here and now, before the callee's next signal can pass: over the bus the answer
 * might come after the candidates that need it. True when the caller was there to be told.
 */
export async function answered(
  context: SignalingContext,
  session: Session,
  live: LiveCall,
): Promise<boolean> {
  const { router } = context;
  await seat(context, session, live);
  const { call, callerSeat } = live.state;
  const delivery = answeredDelivery(live.state);
  const told = delivery !== undefined && callerSeat.awayUntil === undefined;
  if (told) router.toDevice(call.caller.id, callerSeat.device, delivery);
  handOver(live.state, session);
  return told;
}

/**
 * What was held for the device that answers: the caller's candidates, and before them its offer if the answer came without one to it. Over a
 * jitsi call's bridge nothing is negotiated here.
 */
export function handOver(state: CallState, session: Session): void {
  const { call, offer, answer, heldCandidates } = state;
  if (call.media !== 'p2p') return;
  if (offer !== undefined && answer === undefined) {
    session.deliver(signalFrom(call.caller, state, 'offer', offer));
  }
  for (const candidate of heldCandidates) {
    session.deliver(signalFrom(call.caller, state, 'candidate', candidate));
  }
}

export function signalFrom(
  from: PublicUser,
  state: CallState,
  kind: 'offer' | 'answer' | 'candidate',
  payload: unknown,
): Delivery {
  const { id: callId, answeredBy } = state.call;
  const accepts = kind === 'answer' && from.id === answeredBy && owesAnswer(state);
  return {
    type: 'call.signal',
    callId,
    from,
    signal: { kind, payload },
    ...(accepts ? { accepts } : {}),
  };
}

/** The offer that an answering device still needs, for its reply. */
export function offerToAnswer(state: CallState): { readonly offer?: unknown } {
  const { call, offer, answer } = state;
  return call.media === 'p2p' && offer !== undefined && answer === undefined ? { offer } : {};
}
