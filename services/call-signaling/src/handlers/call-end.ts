import { ok } from '@switchboard/protocol';
import { findCall } from '../calls/find-call.ts';
import { deviceOf } from '../calls/parties.ts';
import { refuse } from '../calls/refusal.ts';
import { transition } from '../calls/transition.ts';
import type { Handler } from '../context.ts';

/** Cancels a call that one placed, refuses one that rings, hangs up one that was answered. */
export const callEnd: Handler<'call.end'> = async (session, { ref }, context) => {
  const found = await findCall(context, session, ref);
  if (!found.ok) return found;
  const outcome = await transition(context, found.value, {
    type: 'end',
    userId: session.identity.id,
    device: deviceOf(session),
  });
  if (outcome.ok) return ok({ call: outcome.state.call });
  // Clients tidy up like this after hearing that it was answered elsewhere; the answered call goes on.
  if (outcome.refusal === 'ANSWERED_ELSEWHERE' && outcome.state) return ok({ call: outcome.state.call });
  return refuse(outcome.refusal);
};
