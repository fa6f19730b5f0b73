import { type CallRef, ok, type ReplyOf, type Result } from '@switchboard/protocol';
import { findCall } from '../calls/find-call.ts';
import { deviceOf } from '../calls/parties.ts';
import { refuse } from '../calls/refusal.ts';
import { transition } from '../calls/transition.ts';
import type { Handler, SignalingContext } from '../context.ts';
import type { Session } from '../edge/session.ts';
import { notInRoom } from '../rooms/not-in-room.ts';
import { relayToRoom } from '../rooms/relay-in-room.ts';

/**
 * Cancels a call that one placed, refuses one that rings, hangs up one that was answered. Where there is no such call, those in the room who were
 * signalling without one are told.
 */
export const callEnd: Handler<'call.end'> = async (session, { ref, roomId }, context) => {
  const ended = await endCall(session, ref, context);
  if (roomId === undefined || ended.ok || ended.error.code !== 'CALL_NOT_FOUND') return ended;
  if (!(await context.rooms.has(session, roomId))) return notInRoom(context, roomId);
  await relayToRoom(context, session, roomId, { kind: 'hangup' });
  return ok({ call: null });
};

async function endCall(
  session: Session,
  ref: CallRef,
  context: SignalingContext,
): Promise<Result<ReplyOf<'call.end'>>> {
  const found = await findCall(context, session, ref);
  if (!found.ok) return found;
  const outcome = await transition(
    context,
    found.value,
    { type: 'end', userId: session.identity.id, device: deviceOf(session) },
    { by: session },
  );
  if (outcome.ok) {
    // It need not be told.
    context.calls.waiting.remove(found.value, session);
    return ok({ call: outcome.state.call });
  }
  // Clients tidy up like this after hearing that it was answered elsewhere; the answered call goes on.
  if (outcome.refusal === 'ANSWERED_ELSEWHERE' && outcome.state) return ok({ call: outcome.state.call });
  return refuse(outcome.refusal);
}
