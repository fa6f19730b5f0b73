import { createHash } from 'node:crypto';
import { type CallId, type DeviceId, EventId, ok } from '@switchboard/protocol';
import { newEvent } from '@switchboard/service-kit';
import { refuseWhileCut } from '../calls/cut-off.ts';
import { deviceOf } from '../calls/parties.ts';
import { refuse } from '../calls/refusal.ts';
import { canJoin } from '../calls/ringable.ts';
import type { Handler } from '../context.ts';

/**
 * A device of a callee says that it rings, which is kept even when the call is over by then. Said once or often: one fact, since its event has the same
 * id each time.
 */
export const callAck: Handler<'call.ack'> = async (session, { callId }, context) => {
  const { bus, clock, liveCalls } = context;
  refuseWhileCut(context);
  const { id: userId, sessionId } = session.identity;
  const state = (await liveCalls.get(callId))?.state.state;
  if (!state) return refuse('CALL_NOT_FOUND');
  const status = state.callees[userId];
  if (status === undefined || status === 'unavailable' || !canJoin(session.dialect, state.call.media)) {
    return refuse('PERMISSION_DENIED');
  }
  const device = deviceOf(session);
  const event = newEvent({ type: 'call.acknowledged', callId, userId, device, sessionId }, clock);
  await bus.publish({ ...event, id: onceFor(callId, session.deviceId) });
  return ok({});
};

/** The event id of this device's word about this call: a UUID of its own making (version 8). */
function onceFor(callId: CallId, deviceId: DeviceId): EventId {
  const hex = createHash('sha256').update(`call.acknowledged:${callId}:${deviceId}`).digest('hex');
  return EventId.parse(
    `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`,
  );
}
