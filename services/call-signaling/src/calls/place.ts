import { type CallState, isGlare } from '@switchboard/domain';
import {
  type Call,
  CallId,
  type CommandOf,
  ok,
  type PublicUser,
  type ReplyOf,
  type Result,
  reject,
} from '@switchboard/protocol';
import { uuidv7 } from '@switchboard/service-kit';
import type { SignalingContext } from '../context.ts';
import type { Session } from '../edge/session.ts';
import { claimAll, claimedCall } from './claims.ts';
import { answerGlare } from './glare.ts';
import { deviceOf, isBetween } from './parties.ts';
import { refuse } from './refusal.ts';
import { renegotiate } from './renegotiate.ts';
import { type Ring, reachable } from './ringable.ts';
import { seat } from './seat.ts';
import { transition } from './transition.ts';

export type Placed = Result<ReplyOf<'call.place'>>;
type Place = CommandOf<'call.place'>;

/** One attempt to ring somebody: who, whom, and with what. */
export interface Placing {
  readonly context: SignalingContext;
  readonly session: Session;
  readonly command: Place;
  readonly callee: PublicUser;
}

/**
 * The call in which the caller is already, seen from a new `call.place`: it rings them from that callee (glare), it is with that callee (renegotiation),
 * or they are busy. Undefined when it went away in the meantime, and the placing has to start over.
 */
export async function placeInside(placing: Placing, state: CallState): Promise<Placed | undefined> {
  const { context, session, command, callee } = placing;
  const me = session.identity.id;
  if (isGlare(state, me, callee.id)) return answerGlare(placing, state);
  if (isBetween(state.call, me, callee.id) && command.media === state.call.media) {
    return renegotiate(context, session, state, command.offer);
  }
  return refuse('CALL_IN_PROGRESS');
}

/** Claims both, asks who can be rung, and makes the call. Undefined when a call that stood in the way went away. */
export async function placeNew(placing: Placing): Promise<Placed | undefined> {
  const { context, session, command, callee } = placing;
  const call = newCall(placing);
  const ring: Ring = {
    media: command.media,
    negotiation: command.negotiation,
    hasOffer: command.offer !== undefined,
  };
  const [claimed, reached] = await Promise.all([
    claimAll(context, call.id, [call.caller.id, callee.id]),
    reachable(context, [callee.id], ring),
  ]);
  if (!claimed.ok) {
    // Their call may be with the caller; and a caller who is in a call is told so before the callee's affairs count.
    const mine = await claimedCall(context, call.caller.id);
    if (mine) return placeInside(placing, mine);
    if (claimed.userId !== callee.id) return undefined;
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
      busy: claimed.ok ? [] : [callee.id],
    },
    {
      applied: async (live) => {
        if (live.state.call.phase !== 'ended') await seat(context, session, live);
        return undefined;
      },
    },
  );
  if (!outcome.ok) return refuse(outcome.refusal);
  return placed(session, outcome.state);
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

export function newCall({ context, session, command, callee }: Placing): Call {
  const { id, username, name } = session.identity;
  const now = context.clock.now();
  return {
    id: command.callId ?? CallId.parse(uuidv7(now)),
    kind: command.kind,
    media: command.media,
    phase: 'ringing',
    caller: { id, username, name },
    callerDevice: deviceOf(session),
    callees: [callee],
    createdAt: new Date(now).toISOString(),
  };
}
