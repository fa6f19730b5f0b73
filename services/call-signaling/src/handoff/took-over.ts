import type { CallState } from '@switchboard/domain';
import type { CallDevice, DeliveryOf, EventOf, NodeId, UserId } from '@switchboard/protocol';
import type { LiveCall } from '../calls/live-call.ts';
import { opposite, partyOf, seatOf } from '../calls/parties.ts';
import { seat } from '../calls/seat.ts';
import { tellNodes } from '../calls/tell-nodes.ts';
import type { SignalingContext } from '../context.ts';
import type { Session } from '../edge/session.ts';

/** What the other party of a call that moved has to know. */
export function movedDelivery(state: CallState, by: UserId): DeliveryOf<'call.moved'> | undefined {
  const party = partyOf(state.call, by);
  const device = seatOf(state, by)?.device;
  return party && device && { type: 'call.moved', call: state.call, by: party, device };
}

/**
 * This session took a call over, or its seat again. The nodes concerned hear of it first, so that they take no more signals of the old device and send those of
 * the other party to the new one; then the other party, from here and now: over the bus the word might come after the offer of the new device.
 */
export async function tookOver(
  context: SignalingContext,
  session: Session,
  live: LiveCall,
  formerNodes: readonly NodeId[],
): Promise<undefined> {
  await seat(context, session, live);
  const me = session.identity.id;
  if (live.state.movedBy !== me) return;
  try {
    await tellNodes(context, live, formerNodes);
  } catch (err) {
    // Told once more behind the change; until then signals may pass to the old device.
    context.logger.warn({ callId: live.state.call.id, err }, 'nodes were not told of a call that moved');
  }
  const other = opposite(live.state, me);
  const delivery = movedDelivery(live.state, me);
  if (other && delivery) context.router.toDevice(other.userId, other.seat.device, delivery);
}

/**
 * The device that was left is out of the call. The other party is told here, too: whoever took the call over may not have lived to do it. What came true once and is so
 * no more is not told.
 */
export async function deliverMoved(
  { call, by, replaced }: EventOf<'call.moved'>,
  live: LiveCall | undefined,
  { bus, router, presence, clock }: SignalingContext,
): Promise<void> {
  const party = partyOf(call, by);
  const now = live?.state && seatOf(live.state, by)?.device.deviceId;
  const left = (await presence.devicesOf(by, clock.now())).find(({ deviceId }) => deviceId === replaced);
  // It may have taken the call back since.
  if (party && left && now !== replaced) {
    const device: CallDevice = { deviceId: replaced, dialect: left.dialect ?? 'native' };
    router.toDevice(by, device, { type: 'call.ended', call, by: party, reason: 'moved' });
    await bus.notify({ type: 'call.changed', callId: call.id }, left.nodeId);
  }
  const other = live && opposite(live.state, by);
  const delivery = live?.state.movedBy === by ? movedDelivery(live.state, by) : undefined;
  if (other && delivery) router.toDevice(other.userId, other.seat.device, delivery);
}
