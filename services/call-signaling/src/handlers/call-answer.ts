import { isDeepStrictEqual } from 'node:util';
import { ok, unavailable } from '@switchboard/protocol';
import { answered, offerToAnswer } from '../calls/answered.ts';
import { awaitSeat } from '../calls/await-seat.ts';
import { findCall } from '../calls/find-call.ts';
import { load } from '../calls/load.ts';
import { deviceOf, seatOf } from '../calls/parties.ts';
import { refuse } from '../calls/refusal.ts';
import { relay } from '../calls/relay.ts';
import { canJoin } from '../calls/ringable.ts';
import { change } from '../calls/transition.ts';
import type { Handler } from '../context.ts';

/**
 * Takes a call. The first device wins; one that came later is told that it was answered elsewhere. Inside a call an answer belongs to a
 * renegotiation and goes to the other device.
 */
export const callAnswer: Handler<'call.answer'> = async (session, { ref, answer }, context) => {
  const found = await findCall(context, session, ref);
  if (!found.ok) return found;
  const callId = found.value;
  return context.calls.changes.run(callId, async () => {
    const userId = session.identity.id;
    const before = (await load(context, callId))?.live.state;
    // Only a device that heard it ring can have been asked.
    if (before && !canJoin(session.dialect, before.call.media)) return refuse('PERMISSION_DENIED');
    const outcome = await change(
      context,
      callId,
      {
        type: 'answer',
        userId,
        device: deviceOf(session),
        ...(answer === undefined ? {} : { answer }),
      },
      { session, applied: (live) => answered(context, session, live) },
    );
    if (!outcome.ok) {
      if (outcome.refusal === 'ANSWERED_ELSEWHERE' && outcome.state) {
        const { call } = outcome.state;
        if (
          answer !== undefined &&
          seatOf(outcome.state, userId) &&
          isDeepStrictEqual(outcome.state.answer, answer)
        ) {
          // No two devices give the same answer: this one gave it by a socket before, and had not heard that it counts.
          awaitSeat(context, callId, session);
          throw unavailable('The seat');
        }
        session.deliver({ type: 'call.ended', call, reason: 'answered_elsewhere' });
      }
      return refuse(outcome.refusal);
    }
    const { state, changed } = outcome;
    if (changed) return ok({ call: state.call, renegotiation: false, ...offerToAnswer(state) });

    // In the call already: a retry of the answer that made it, or the answer to a later offer.
    const retry =
      answer === undefined ||
      (seatOf(state, userId) === state.answerSeat && isDeepStrictEqual(state.answer, answer));
    if (retry) return ok({ call: state.call, renegotiation: false, ...offerToAnswer(state) });
    const relayed = relay(context, session, state, { kind: 'answer', payload: answer });
    return relayed.ok ? ok({ call: state.call, renegotiation: true }) : relayed;
  });
};
