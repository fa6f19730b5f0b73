import { type CallState, isGlare } from '@switchboard/domain';
import {
  type Call,
  CallId,
  type CommandOf,
  ok,
  type ReplyOf,
  type Result,
  reject,
} from '@switchboard/protocol';
import { uuidv7 } from '@switchboard/service-kit';
import type { SignalingContext } from '../context.ts';
import type { Session } from '../edge/session.ts';
import type { Callees } from './callees.ts';
import { claimAll, claimedCall } from './claims.ts';
import { answerGlare } from './glare.ts';
import { deviceOf, isBetween } from './parties.ts';
import { reachable } from './reachable.ts';
import { refuse } from './refusal.ts';
import { renegotiate } from './renegotiate.ts';
import type { Ring } from './ringable.ts';
import { seat } from './seat.ts';
import { type TransitionOptions, transition } from './transition.ts';

export type Placed = Result<ReplyOf<'call.place'>>;
type Place = CommandOf<'call.place'>;

/** One attempt to ring somebody: who, whom, and with what. */
export interface Placing extends Callees {
  readonly context: SignalingContext;
  readonly session: Session;
  readonly command: Place;
}

/**
 * The call in which the caller is already, seen from a new `call.place`: it rings them from one of those they call (glare), it is with that callee or
 * of that room (renegotiation), or they are busy. Undefined when it went away in the meantime, and the placing has to start over.
 */
export async function placeInside(placing: Placing, state: CallState): Promise<Placed | undefined> {
  const { context, session, command, callees, roomId } = placing;
  const me = session.identity.id;
  if (callees.some(({ id }) => isGlare(state, me, id))) return answerGlare(placing, state);
  const same =
    state.call.media === command.media &&
    (roomId === undefined
      ? callees.every(({ id }) => isBetween(state.call, me, id))
      : state.call.roomId === roomId);
  return same ? renegotiate(context, session, state, command.offer) : refuse('CALL_IN_PROGRESS');
}

/** Claims everybody, asks who can be rung, and makes the call. Undefined when a call that stood in the way went away. */
export async function placeNew(placing: Placing): Promise<Placed | undefined> {
  const { context, session, command, callees } = placing;
  const call = newCall(placing);
  const ring: Ring = {
    media: command.media,
    negotiation: command.negotiation,
    hasOffer: command.offer !== undefined,
  };
  const calleeIds = callees.map(({ id }) => id);
  const [claimed, reached] = await Promise.all([
    claimAll(context, call.id, call.caller.id, calleeIds),
    reachable(context, calleeIds, ring),
  ]);
  if (!claimed.ok) {
    const mine = await claimedCall(context, call.caller.id);
    return mine && placeInside(placing, mine);
  }
  const outcome = await transition(
    context,
    call.id,
    {
      type: 'place',
      call,
      negotiation: command.negotiation,
      ...(command.offer === undefined ? {} : { offer: command.offer }),
      reachable: reached,
      busy: claimed.busy,
    },
    seatingCaller(placing),
  );
  if (!outcome.ok) return refuse(outcome.refusal);
  return placed(session, outcome.state);
}

/** Their device has its seat as soon as the call is there. */
export function seatingCaller({ context, session }: Placing): TransitionOptions {
  return {
    session,
    applied: async (live) => {
      if (live.state.call.phase !== 'ended') await seat(context, session, live);
      return undefined;
    },
  };
}

/** The reply to whoever placed a call, also to their retry after it has gone its way. */
export function placed(session: Session, { call }: CallState): Placed {
  const { endReason: reason, id: callId, kind } = call;
  const to = call.callees[0];
  const failed = call.answeredAt === undefined && (reason === 'busy' || reason === 'unavailable');
  if (!failed || !to) return ok({ call, renegotiation: false });
  const busy = reason === 'busy';
  session.deliver({
    type: 'call.failed',
    callId,
    to: to.id,
    kind,
    reason: busy ? 'user_busy' : 'user_unavailable',
  });
  return reject('USER_UNAVAILABLE', busy ? 'User is busy' : 'User is unavailable');
}

export function newCall({ context, session, command, callees, roomId }: Placing): Call {
  const { id, username, name } = session.identity;
  const now = context.clock.now();
  return {
    id: command.callId ?? CallId.parse(uuidv7(now)),
    kind: command.kind,
    media: command.media,
    phase: 'ringing',
    caller: { id, username, name },
    callerDevice: deviceOf(session),
    callees: [...callees],
    ...(roomId === undefined ? {} : { roomId }),
    createdAt: new Date(now).toISOString(),
  };
}
