import { ok } from '@switchboard/protocol';
import { findCall } from '../calls/find-call.ts';
import { deviceOf } from '../calls/parties.ts';
import { refuse } from '../calls/refusal.ts';
import { transition } from '../calls/transition.ts';
import type { Handler } from '../context.ts';

/** A callee says no, for all of their devices. */
export const callReject: Handler<'call.reject'> = async (session, { ref, reason }, context) => {
  const found = await findCall(context, session, ref);
  if (!found.ok) return found;
  const outcome = await transition(
    context,
    found.value,
    { type: 'reject', userId: session.identity.id, device: deviceOf(session), reason },
    { by: session },
  );
  if (outcome.ok) return ok({ call: outcome.state.call });
  if (outcome.refusal === 'ANSWERED_ELSEWHERE' && outcome.state) {
    // It came too late to count, but what it wants is so: this device rings no more.
    session.deliver({ type: 'call.ended', call: outcome.state.call, reason: 'answered_elsewhere' });
    return ok({ call: outcome.state.call });
  }
  return refuse(outcome.refusal);
};
