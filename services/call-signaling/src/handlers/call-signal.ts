import type { CallCommand } from '@switchboard/domain';
import { type CallId, ok, type Signal } from '@switchboard/protocol';
import { shortCutPassed } from '../calls/cut-off.ts';
import { findCall, sitsThere } from '../calls/find-call.ts';
import { load } from '../calls/load.ts';
import { isBetween } from '../calls/parties.ts';
import { refuse } from '../calls/refusal.ts';
import { relay } from '../calls/relay.ts';
import { remember } from '../calls/remember.ts';
import { change } from '../calls/transition.ts';
import type { Handler } from '../context.ts';
import type { Session } from '../edge/session.ts';

/**
 * Offer, answer or candidate to the other device. The hot path: an active call that this node knows well costs no store and no bus. While it rings,
 * what the caller sends is held.
 */
export const callSignal: Handler<'call.signal'> = async (session, { ref, signal }, context) => {
  const { calls } = context;
  const hosted = calls.hosted.seatOf(session.deviceId);
  if (hosted?.fresh && hosted.live.state.call.phase === 'active') {
    const { call } = hosted.live.state;
    const meant =
      ref.by === 'current' ||
      (ref.by === 'id' && ref.callId === call.id) ||
      (ref.by === 'user' && isBetween(call, session.identity.id, ref.userId)) ||
      (ref.by === 'socket' && sitsThere(hosted.live, session, ref.socketId));
    // A change under way may be about to move a seat: then in line behind it.
    if (meant && calls.changes.size(call.id) === 0) return relay(context, session, hosted.live.state, signal);
  }

  // Passed on to a seat it needs nobody else; held for one that is to come, it changes the call.
  if (hosted?.live.state.call.phase !== 'active') await shortCutPassed(context);
  const found = await findCall(context, session, ref);
  if (!found.ok) return found;
  const callId: CallId = found.value;
  return calls.changes.run(callId, async () => {
    const stored = await load(context, callId);
    const phase = stored?.live.state.call.phase;
    if (!stored || phase === 'ended') return refuse('CALL_NOT_FOUND');
    remember(context, stored.live);
    if (phase === 'active') return relay(context, session, stored.live.state, signal);
    const hold = held(session, signal);
    if (!hold) return refuse('PERMISSION_DENIED');
    const outcome = await change(context, callId, hold);
    if (!outcome.ok) return refuse(outcome.refusal);
    // Answered in between, on another node.
    if (outcome.state.call.phase === 'active') return relay(context, session, outcome.state, signal);
    return ok({ relayed: false });
  });
};

/** Nobody can have anything to answer to a call that rings. */
function held(session: Session, { kind, payload }: Signal): CallCommand | undefined {
  const who = { userId: session.identity.id, deviceId: session.deviceId };
  switch (kind) {
    case 'candidate':
      return { type: 'hold-candidate', ...who, candidate: payload };
    case 'offer':
      return { type: 'hold-offer', ...who, offer: payload };
    case 'answer':
      return undefined;
  }
}
