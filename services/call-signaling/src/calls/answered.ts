import type { CallState } from '@switchboard/domain';
import type { Delivery, PublicUser, Signal } from '@switchboard/protocol';
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
 * might come after the candidates that need it. True when the caller was there to be told; undefined when whoever delivers the event sees to it.
 */
export async function answered(
  context: SignalingContext,
  session: Session,
  live: LiveCall,
): Promise<boolean | undefined> {
  const { router } = context;
  await seat(context, session, live);
  const { call, callerSeat } = live.state;
  const delivery = answeredDelivery(live.state);
  // Found out late, the answer may be on its way already.
  const published = live.outbox.every((event) => event.type !== 'call.answered');
  const told = delivery !== undefined && callerSeat.awayUntil === undefined;
  if (told && !published) router.toDevice(call.caller.id, callerSeat.device, delivery);
  handOver(live, session);
  return published ? undefined : told;
}

/**
 * What was held for the device that answers: the caller's candidates, and before them its offer if the answer came without one to it. Over a
 * jitsi call's bridge nothing is negotiated here.
 */
export function handOver({ state, sockets }: LiveCall, session: Session): void {
  const { call, callerSeat, offer, answer, heldCandidates } = state;
  if (call.media !== 'p2p') return;
  const from = { user: call.caller, socketId: sockets?.[callerSeat.device.deviceId] };
  if (offer !== undefined && answer === undefined) {
    session.deliver(signalFrom(from, state, { kind: 'offer', payload: offer }));
  }
  for (const payload of heldCandidates) {
    session.deliver(signalFrom(from, state, { kind: 'candidate', payload }));
  }
}

export function signalFrom(
  from: { readonly user: PublicUser; readonly socketId: string | undefined },
  state: CallState,
  signal: Signal,
): Delivery {
  const { id: callId, answeredBy, roomId } = state.call;
  const accepts = signal.kind === 'answer' && from.user.id === answeredBy && owesAnswer(state);
  return {
    type: 'call.signal',
    callId,
    from: from.user,
    ...(from.socketId === undefined ? {} : { socketId: from.socketId }),
    ...(roomId === undefined ? {} : { roomId }),
    signal,
    ...(accepts ? { accepts } : {}),
  };
}

/** The offer that an answering device still needs, for its reply. */
export function offerToAnswer(state: CallState): { readonly offer?: unknown } {
  const { call, offer, answer } = state;
  return call.media === 'p2p' && offer !== undefined && answer === undefined ? { offer } : {};
}
