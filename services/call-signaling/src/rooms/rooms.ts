import type { RoomMember } from '@switchboard/ports';
import type { Participant, ReplyOf, Result, RoomId } from '@switchboard/protocol';
import type { Session } from '../edge/session.ts';

/** Sockets in one room, those of one user counted singly: what is told to all costs the square of it. */
export const ROOM_SOCKETS_MAX = 1_000;

/**
 * Who takes part in rooms. Asked about a socket's own rooms this node knows and waits for no store; about the others in a room it may be a moment
 * late, unless asked for what is so now.
 */
export interface Rooms {
  /**
   * The socket takes part from now on: it hears what is said there, its user is a participant, and it is told who all are. Again: told again.
   * Refused with ROOM_NOT_FOUND; PERMISSION_DENIED when the room is full; RATE_LIMITED beyond `LIMITS.roomsPerSocket`; UNAUTHORIZED when the
   * socket is gone.
   */
  join(session: Session, roomId: RoomId): Promise<Result<ReplyOf<'room.join'>>>;
  /** Harmless when it is not in the room. */
  leave(session: Session, roomId: RoomId): Promise<void>;
  /** Whether it is in the room once everything that it asked for before is done. */
  has(session: Session, roomId: RoomId): Promise<boolean>;
  /** Its rooms, with the same patience. */
  of(session: Session): Promise<readonly RoomId[]>;
  /** Every socket in the room, as known a moment ago at most. */
  members(roomId: RoomId): Promise<readonly RoomMember[]>;
  /** The same as the store has it now. @throws SwitchboardError SERVICE_UNAVAILABLE, retryable. */
  membersNow(roomId: RoomId): Promise<readonly RoomMember[]>;
  /** The users in the room now, by their present names. @throws as `membersNow`. */
  participants(roomId: RoomId): Promise<Participant[]>;
  /** The room was deleted: everybody is out, on every node. @throws as `membersNow`. */
  close(roomId: RoomId): Promise<void>;
}

/** The same with what the edge tells it. */
export interface Roster extends Rooms, AsyncDisposable {
  /** The socket is gone, and with it its places. Never rejects: what the store does not take back lapses there. */
  depart(session: Session): Promise<void>;
}
