import { ok } from '@switchboard/protocol';
import { awaitSeat } from '../calls/await-seat.ts';
import { claimedCall } from '../calls/claims.ts';
import { load } from '../calls/load.ts';
import { partyOf, seatOf } from '../calls/parties.ts';
import { refuse } from '../calls/refusal.ts';
import { returnDevice } from '../calls/return-device.ts';
import { ringable, ringOf } from '../calls/ringable.ts';
import type { Handler } from '../context.ts';

/** A device asks for its user's live call: takes the user's empty place in it, or sees the one that rings. */
export const callResume: Handler<'call.resume'> = async (session, { callId: asked }, context) => {
  const userId = session.identity.id;
  const callId = asked ?? (await claimedCall(context, userId))?.call.id;
  if (callId === undefined) return ok({ call: null });
  return context.calls.changes.run(callId, async () => {
    const state = (await load(context, callId))?.live.state;
    if (!state || state.call.phase === 'ended') return ok({ call: null });
    if (!partyOf(state.call, userId)) return refuse('PERMISSION_DENIED');
    const seat = seatOf(state, userId);
    if (seat) {
      const returned = await returnDevice(context, session, state);
      if (!returned) awaitSeat(context, callId, session);
      return ok({ call: (returned ?? state).call });
    }
    // Of a call that others answered, or that this user refused, there is nothing to resume.
    if (state.callees[userId] !== 'ringing') return ok({ call: null });
    const { call, offer } = state;
    const rings = ringable(session.dialect, ringOf(state));
    return ok(rings && offer !== undefined ? { call, offer } : { call });
  });
};
