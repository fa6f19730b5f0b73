import type { CallId, CallRef, Result } from '@switchboard/protocol';
import { ok } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import type { Session } from '../edge/session.ts';
import { findPeer } from '../rooms/find-peer.ts';
import { claimedLive } from './claims.ts';
import type { LiveCall } from './live-call.ts';
import { isBetween } from './parties.ts';
import { refuse } from './refusal.ts';
import { settledSeat } from './settled-seat.ts';

/** The other party of a call, or a socket of theirs. */
export type Other = Extract<CallRef, { by: 'user' | 'socket' }>;

/**
 * Which call a client means. Found without a store for a device that sits in it; whether the client may do what it asks there is the domain's to
 * say. One that waits for its seat there is given it first, if it can be.
 */
export async function findCall(
  context: SignalingContext,
  session: Session,
  ref: CallRef,
): Promise<Result<CallId>> {
  const found = await lookUp(context, session, ref);
  if (found.ok) await settledSeat(context, session, found.value);
  return found;
}

async function lookUp(context: SignalingContext, session: Session, ref: CallRef): Promise<Result<CallId>> {
  if (ref.by === 'id') return ok(ref.callId);
  const seated = context.calls.hosted.seatOf(session.deviceId)?.live;
  if (seated && (await means(context, session, seated, ref))) return ok(seated.state.call.id);
  const claimed = await claimedLive(context, session.identity.id);
  const found = claimed && (await means(context, session, claimed, ref));
  return found ? ok(claimed.state.call.id) : refuse('CALL_NOT_FOUND');
}

async function means(
  context: SignalingContext,
  session: Session,
  live: LiveCall,
  ref: Exclude<CallRef, { by: 'id' }>,
): Promise<boolean> {
  return ref.by === 'current' || names(context, session, live, ref);
}

/**
 * Whether the session, a party of this call, names its other party. A socket is one that sits in the call, or one in a room with the session whose user
 * is the other party.
 */
export async function names(
  context: SignalingContext,
  session: Session,
  live: LiveCall,
  other: Other,
): Promise<boolean> {
  const { call } = live.state;
  const me = session.identity.id;
  if (other.by === 'user') return isBetween(call, me, other.userId);
  if (sitsThere(live, session, other.socketId)) return true;
  const found = await findPeer(context.rooms, session, { kind: 'socket', socketId: other.socketId });
  const user = found?.sockets[0]?.participant.id;
  return user !== undefined && user !== me && isBetween(call, me, user);
}

/** The same without asking anybody, for the hot path. */
export function sitsThere({ sockets = {} }: LiveCall, session: Session, socketId: string): boolean {
  return Object.entries(sockets).some(
    ([deviceId, seated]) => seated === socketId && deviceId !== session.deviceId,
  );
}
