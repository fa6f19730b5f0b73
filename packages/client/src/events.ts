import type { CallHandle } from './calls/call-handle.ts';
import type { ConnectionState } from './connection/connection.ts';
import type { SwitchboardError } from './errors.ts';
import type { SignedOut } from './session/session.ts';
import type { Account, Message, Participant, PublicUser, Room, RoomSignal, ServerEvents } from './wire.ts';

/** What a client tells; times are ISO 8601, UTC. */
export interface ClientEvents {
  'signed-in': Account;
  'signed-out': SignedOut;
  /** The state of the connection changed. */
  connection: ConnectionState;
  /** A message of any conversation, one's own included: in order of seq, each once, never with a gap. */
  message: Message;
  /** To the author: a device of the receiver was sent the message. */
  delivered: ServerEvents['message.delivered'];
  /** `readerId` read the conversation up to `upToSeq`. */
  read: ServerEvents['message.read'];
  /** Somebody writes, or stopped. */
  typing: ServerEvents['typing'];
  /** Everybody online, and what changed since the last one; both changes are empty on connecting. */
  presence: ServerEvents['presence'];
  /** A call rings here. */
  call: CallHandle;
  /** Everybody in a room that this client has joined, whenever that changed. */
  participants: { readonly roomId: string; readonly participants: readonly Participant[] };
  /** Somebody else came into a room that this client has joined. */
  'room-joined': { readonly roomId: string; readonly participant: Participant };
  'room-left': { readonly roomId: string; readonly participant: Participant };
  /** Negotiation from a participant; `direct`: it was sent to this client alone. */
  'room-signal': {
    readonly roomId: string;
    readonly from: PublicUser;
    readonly socketId: string;
    readonly signal: RoomSignal;
    readonly direct: boolean;
  };
  'room-updated': Room;
  /** The room is gone, or this client could not enter it again. */
  'room-closed': { readonly roomId: string; readonly error?: SwitchboardError };
  /** Something went wrong in the background that no promise tells of. */
  error: SwitchboardError;
}
