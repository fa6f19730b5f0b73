import type { CallState } from '@switchboard/domain';
import { CallId, type Notice } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import { hangupDelivery, ringEndedDelivery } from './ended.ts';
import { load } from './load.ts';
import { seatOf } from './parties.ts';
import { remember } from './remember.ts';
import { returnDevice } from './return-device.ts';
import { canJoin } from './ringable.ts';
import { change } from './transition.ts';

/**
 * A call changed somewhere: what this node has to do with it is read anew. A notice that is lost is made up for by the next
 * lease.
 */
export function heed(context: SignalingContext, notice: Notice): void {
  if (notice.type !== 'call.changed') return;
  const parsed = CallId.safeParse(notice.callId);
  if (!parsed.success) return;
  const hosted = context.calls.hosted.get(parsed.data);
  if (hosted) hosted.fresh = false;
  const { waiting } = context.calls;
  if (hosted || waiting.has(parsed.data) || waiting.hasNewcomers()) refresh(context, parsed.data);
}

export function refresh(context: SignalingContext, callId: CallId): void {
  const { calls, logger } = context;
  calls.background.run(logger, 'a changed call could not be read', callId, () => attend(context, callId));
}

/** Reads a call and does what is this node's to do in it as it is now. */
export function attend(context: SignalingContext, callId: CallId): Promise<void> {
  return context.calls.changes.run(callId, async () => {
    const state = await keepOwnSeats(context, callId);
    await seatWaiting(context, callId, state);
  });
}

/** The call as it is. Others may hold a device of this node for gone whose lease lapsed, or because this node was not heard of: it is here. */
async function keepOwnSeats(context: SignalingContext, callId: CallId): Promise<CallState | undefined> {
  const stored = await load(context, callId);
  if (!stored) return undefined;
  remember(context, stored.live);
  const { state } = stored.live;
  const hosted = context.calls.hosted.get(callId);
  const deviceIds = [state.callerSeat, state.answerSeat].flatMap((seat) =>
    seat?.awayUntil !== undefined && !seat.lost && hosted?.devices.has(seat.device.deviceId)
      ? [seat.device.deviceId]
      : [],
  );
  if (deviceIds.length === 0) return state;
  const renewed = await change(context, callId, { type: 'renew', deviceIds });
  return renewed.ok ? renewed.state : undefined;
}

/** Whoever waited for a seat to the end is known to nobody else: others tell the device that held it, and that one may be dead. */
function tellWaiting({ calls, clock }: SignalingContext, state: CallState): void {
  const { call } = state;
  const { endReason = 'network_error', endedBy } = call;
  const ended =
    call.answeredAt === undefined
      ? ringEndedDelivery(call, endReason, endedBy)
      : hangupDelivery(call, endReason, endedBy);
  if (!ended) return;
  for (const session of calls.waiting.of(call.id, clock.now())) {
    const seat = seatOf(state, session.identity.id);
    const concerned = seat && seat.device.deviceId !== session.deviceId;
    if (concerned && canJoin(session.dialect, call.media)) session.deliver(ended);
  }
}

/** Gives an empty seat to a socket of its user that has been waiting for it. */
async function seatWaiting(
  context: SignalingContext,
  callId: CallId,
  state: CallState | undefined,
): Promise<void> {
  const { isCut, calls } = context;
  const { waiting, departed } = calls;
  if (state?.call.phase === 'ended') {
    tellWaiting(context, state);
    waiting.forget(callId);
  }
  // Unknown, it may be on its way back into an emptied store.
  if (!state || state.call.phase === 'ended') return;
  const now = context.clock.now();
  const { caller, createdAt, answeredBy, answeredAt } = state.call;
  waiting.admitNewcomers(callId, caller.id, Date.parse(createdAt), now);
  if (answeredBy && answeredAt) waiting.admitNewcomers(callId, answeredBy, Date.parse(answeredAt), now);
  for (const session of waiting.of(callId, now)) {
    const empty = seatOf(state, session.identity.id)?.awayUntil !== undefined;
    if (departed.has(session)) waiting.remove(callId, session);
    else if (empty && !isCut?.() && (await returnDevice(context, session, state)))
      waiting.remove(callId, session);
  }
}
