import type { CallId, DeviceId, DialectName, RoomId, UserId } from '@switchboard/protocol';

/** How a socket is spoken to: in one vocabulary, or in all while it has not shown which. */
export type Tongue = DialectName | 'undeclared';

/**
 * A name of exactly 20 characters looks to the Redis adapter like a socket's own room, and an emit to it goes to every node.
 */
function room(name: string): string {
  return name.length === 20 ? `${name}|` : name;
}

export const rooms = {
  user: (userId: UserId, tongue: Tongue): string => room(`user:${userId}|${tongue}`),
  presence: (tongue: Tongue): string => room(`presence|${tongue}`),
  device: (deviceId: DeviceId): string => room(`device:${deviceId}`),
  room: (roomId: RoomId, tongue: Tongue): string => room(`room:${roomId}|${tongue}`),
  /** One device's place in a call: a signal for it reaches nobody who did not join, and never its sender. */
  callSeat: (callId: CallId, deviceId: DeviceId): string => room(`call:${callId}|${deviceId}`),
};
