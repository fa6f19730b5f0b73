import { ok } from '@switchboard/protocol';
import { load } from '../calls/load.ts';
import { deviceOf, partyOf, seatOf } from '../calls/parties.ts';
import { refuse } from '../calls/refusal.ts';
import { canJoin } from '../calls/ringable.ts';
import { change } from '../calls/transition.ts';
import type { Handler } from '../context.ts';
import { tookOver } from './took-over.ts';

/**
 * A device goes on with the live call that another device of the same user is in. Of two that take at once one wins; the other is told who, since the
 * call is not taken from a device that it had not seen there.
 */
export const callTake: Handler<'call.take'> = async (session, { callId }, context) => {
  const userId = session.identity.id;
  // As it is when the command comes, not when its turn comes: who was before it in the queue is no device that it saw.
  const seen = (await load(context, callId))?.live;
  if (!seen || seen.state.call.phase === 'ended') return refuse('CALL_NOT_FOUND');
  if (!partyOf(seen.state.call, userId)) return refuse('PERMISSION_DENIED');
  if (!canJoin(session.dialect, seen.state.call.media)) return refuse('PERMISSION_DENIED');
  const device = deviceOf(session);
  const from = seatOf(seen.state, userId)?.device.deviceId ?? device.deviceId;
  return context.calls.changes.run(callId, async () => {
    const outcome = await change(
      context,
      callId,
      { type: 'take', userId, device, from },
      { session, applied: (live) => tookOver(context, session, live, Object.values(seen.nodes ?? {})) },
    );
    return outcome.ok ? ok({ call: outcome.state.call }) : refuse(outcome.refusal);
  });
};
