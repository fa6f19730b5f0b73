import type { CallId, CallRef, Result } from '@switchboard/protocol';
import { ok } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import type { Session } from '../edge/session.ts';
import { claimedCall } from './claims.ts';
import { isBetween } from './parties.ts';
import { refuse } from './refusal.ts';

/**
 * Which call a client means. Found without a store for a device that sits in it; whether the client may do what it asks there is the domain's to
 * say.
 */
export async function findCall(
  context: SignalingContext,
  session: Session,
  ref: CallRef,
): Promise<Result<CallId>> {
  if (ref.by === 'id') return ok(ref.callId);
  if (ref.by === 'socket') return refuse('CALL_NOT_FOUND');
  const me = session.identity.id;
  const means = (call: Parameters<typeof isBetween>[0]) =>
    ref.by === 'current' || isBetween(call, me, ref.userId);

  const seated = context.calls.hosted.seatOf(session.deviceId)?.live.state.call;
  if (seated && means(seated)) return ok(seated.id);
  const claimed = (await claimedCall(context, me))?.call;
  return claimed && means(claimed) ? ok(claimed.id) : refuse('CALL_NOT_FOUND');
}
