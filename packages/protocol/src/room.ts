import { z } from 'zod';
import { Signal } from './call.ts';
import { DeviceId, RoomId, UserId } from './ids.ts';
import { PublicUser } from './user.ts';

export const RoomKind = z.enum(['chat', 'video']);
export type RoomKind = z.infer<typeof RoomKind>;

/**
 * A named room. Every signed-in user may find, read and join every active room; who has joined may write. `active` false: deleted by its
 * creator, kept for the record and unknown to everybody else.
 */
export const Room = z.object({
  id: RoomId,
  name: z.string(),
  description: z.string(),
  kind: RoomKind,
  creator: PublicUser,
  createdAt: z.iso.datetime(),
  active: z.boolean(),
});
export type Room = z.infer<typeof Room>;

/** A user in a room, however many sockets they have there; `deviceId` and `socketId` are those of the socket that came first and still is there. */
export const Participant = PublicUser.extend({
  deviceId: DeviceId,
  socketId: z.string(),
});
export type Participant = z.infer<typeof Participant>;

/** Somebody in a room, as a client names them; a socket is known to those who share a room with it. */
export const Peer = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('user'), userId: UserId }),
  z.object({ kind: z.literal('socket'), socketId: z.string().min(1).max(64) }),
]);
export type Peer = z.infer<typeof Peer>;

/** What travels between the members of a room: negotiation, and the word that one is done with it. */
export const RoomSignal = z.union([Signal, z.object({ kind: z.literal('hangup') })]);
export type RoomSignal = z.infer<typeof RoomSignal>;
