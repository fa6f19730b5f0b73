import type { DialectName, NodeId, Participant, RoomId, UserId } from '@switchboard/protocol';

/** One socket in one room, as every node sees it. */
export interface RoomMember {
  readonly roomId: RoomId;
  readonly nodeId: NodeId;
  readonly dialect: DialectName;
  /** Whose socket, and which: `participant.deviceId` is the key within the room. */
  readonly participant: Participant;
}

/**
 * Who is in which room, as leases like those of `Presence`: a socket is in the room until removed or until its lease lapses unrenewed, so a
 * dead node's sockets leave by themselves.
 *
 * Atomicity per room and user: of two sockets added at once exactly one is told `first`, of two removed (or swept) exactly one `last`.
 * Failure: rejects with a retryable SERVICE_UNAVAILABLE.
 */
export interface RoomPresence {
  /** Adds or replaces the socket. `first`: its user had no live socket in the room before. */
  put(member: RoomMember, leaseUntil: number, now: number): Promise<{ first: boolean }>;
  /** Renews what is still known; returns those that are not (expired or emptied store), for the caller to put again. */
  renew(members: readonly RoomMember[], leaseUntil: number, now: number): Promise<RoomMember[]>;
  /** `last`: the user has no live socket left in the room. Removing an unknown one is harmless and never `last`. */
  remove(member: RoomMember, now: number): Promise<{ last: boolean }>;
  /** The live sockets in the room, in the order in which they came. */
  membersOf(roomId: RoomId, now: number): Promise<RoomMember[]>;
  /** Drops lapsed leases; returns one socket for each user who thereby left a room, each to one caller only. */
  sweep(now: number): Promise<RoomMember[]>;
  /** The rooms the user is in. */
  roomsOf(userId: UserId, now: number): Promise<RoomId[]>;
}
