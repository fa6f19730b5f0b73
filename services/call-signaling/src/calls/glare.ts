import type { CallState } from '@switchboard/domain';
import { ok } from '@switchboard/protocol';
import { answered, answeredDelivery } from './answered.ts';
import { deviceOf } from './parties.ts';
import type { Placed, Placing } from './place.ts';
import { refuse } from './refusal.ts';
import { ringable, ringOf } from './ringable.ts';
import { transition } from './transition.ts';

/**
 * Glare: the caller is being rung by the very user they call. There is one call, the one that rings already.
 *
 * | both calls                    | what becomes of the later one                                                          |
 * |-------------------------------|----------------------------------------------------------------------------------------|
 * | jitsi                         | it answers the earlier: both want to talk, and nothing is negotiated here              |
 * | p2p, accept-first, no offer   | it answers the earlier: its caller awaits an offer next, as any answerer does          |
 * | p2p, an offer on either side  | its device is rung by the earlier one like every other, and its ack names that call    |
 * | of different media            | its device cannot take the earlier one: CALL_IN_PROGRESS                               |
 *
 * Two offers cannot be joined here: one device would have to roll its own back to answer the other, and clients of the offer-first vocabularies cannot.
 * They show the incoming call instead, where a person takes it.
 */
export async function answerGlare(
  { context, session, command }: Placing,
  state: CallState,
): Promise<Placed | undefined> {
  const { call, negotiation } = state;
  if (call.media !== command.media || !ringable(session.dialect, ringOf(state))) {
    return refuse('CALL_IN_PROGRESS');
  }
  const offers =
    [negotiation, command.negotiation].includes('offer-first') ||
    state.offer !== undefined ||
    command.offer !== undefined;
  if (call.media === 'p2p' && offers) return ok({ call, renegotiation: false });

  const outcome = await transition(
    context,
    call.id,
    { type: 'answer', userId: session.identity.id, device: deviceOf(session) },
    { session, applied: (live) => answered(context, session, live) },
  );
  if (!outcome.ok) {
    return outcome.refusal === 'CALL_NOT_FOUND' ? undefined : refuse(outcome.refusal);
  }
  // A client of jitsi.md awaits the words of a caller, for it called.
  const delivery = answeredDelivery(outcome.state);
  if (call.media === 'jitsi' && delivery) {
    session.deliver({ type: 'call.placed', call: outcome.state.call });
    session.deliver(delivery);
  }
  return ok({ call: outcome.state.call, renegotiation: false });
}
