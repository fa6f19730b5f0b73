import type { RoomMember } from '@switchboard/ports';
import type { DeliveryOf, RoomId, RoomSignal } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import type { Session } from '../edge/session.ts';

/** To these sockets alone. */
export function relayToSockets(
  { router }: Pick<SignalingContext, 'router'>,
  session: Session,
  { roomId, sockets }: { readonly roomId: RoomId; readonly sockets: readonly RoomMember[] },
  signal: RoomSignal,
): void {
  const delivery = signalOf(session, roomId, signal, true);
  for (const { participant, dialect } of sockets) {
    router.toDevice(participant.id, { deviceId: participant.deviceId, dialect }, delivery);
  }
}

/** To everybody in the room but the sending socket; false when nobody else is there. */
export async function relayToRoom(
  { router, rooms }: Pick<SignalingContext, 'router' | 'rooms'>,
  session: Session,
  roomId: RoomId,
  signal: RoomSignal,
): Promise<boolean> {
  router.toRoom(roomId, signalOf(session, roomId, signal, false), { except: session.deviceId });
  const isOther = ({ participant }: RoomMember): boolean => participant.deviceId !== session.deviceId;
  return (await rooms.members(roomId)).some(isOther) || (await rooms.membersNow(roomId)).some(isOther);
}

function signalOf(
  { identity, socketId }: Session,
  roomId: RoomId,
  signal: RoomSignal,
  direct: boolean,
): DeliveryOf<'room.signal'> {
  const { id, username, name } = identity;
  return { type: 'room.signal', roomId, from: { id, username, name }, socketId, signal, direct };
}
