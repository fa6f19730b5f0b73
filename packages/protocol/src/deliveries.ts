import type { Call, CallDevice, CallKind, Signal } from './call.ts';
import type { Message } from './chat.ts';
import type { IceServers } from './ice.ts';
import type { CallId, ConversationId, DeviceId, MessageId, RoomId, UserId } from './ids.ts';
import type { Participant, Room, RoomSignal } from './room.ts';
import type { PublicUser } from './user.ts';

/**
 * What a socket is told, in canonical form. The router picks the recipients, `dialect.encode` the words.
 * Not on the bus: a delivery may hold descriptions, which exist only in the live call and on the wire.
 */
export type Delivery =
  | { type: 'connected'; userId: UserId; deviceId: DeviceId; socketId: string }
  /** The whole list, the recipient included. `joined`/`left` say what changed since the last one; both empty on connect. */
  | { type: 'presence'; online: PublicUser[]; joined: PublicUser[]; left: PublicUser[]; at: string }
  /** `senderEmail`: for messages of rooms, where a document shows it. */
  | { type: 'message.created'; message: Message; senderEmail?: string | null }
  /** To the author: the first device of the receiver was sent it. */
  | { type: 'message.delivered'; messageId: MessageId; conversationId: ConversationId; at: string }
  | {
      type: 'message.read';
      conversationId: ConversationId;
      messageIds: MessageId[];
      authorId: UserId;
      readerId: UserId;
      upToSeq: number;
      at: string;
    }
  | { type: 'typing'; from: PublicUser; active: boolean; conversationId: ConversationId; roomId?: RoomId }
  /** To everybody in a room, whenever that changed: all who are. */
  | { type: 'room.participants'; roomId: RoomId; participants: Participant[] }
  /** To the others in the room. */
  | { type: 'room.joined'; roomId: RoomId; participant: Participant }
  | { type: 'room.left'; roomId: RoomId; participant: Participant }
  /** `direct`: sent to the recipient alone, not to the room. */
  | {
      type: 'room.signal';
      roomId: RoomId;
      from: PublicUser;
      socketId: string;
      signal: RoomSignal;
      direct: boolean;
    }
  | { type: 'room.updated'; room: Room }
  /** The room is gone, and nobody is in it any more. */
  | { type: 'room.deleted'; roomId: RoomId }
  /** To the caller's device: the call exists and rings. */
  | { type: 'call.placed'; call: Call }
  /** To every rung device; again, to one that connects while it rings. */
  | { type: 'call.incoming'; call: Call; offer?: unknown; expiresAt: string }
  /**
   * To the caller's device. `answer` only when the callee negotiated offer-first. `answerFollows`: the caller sent an offer with the ring, and the
   * callee will answer it by a signal.
   */
  | {
      type: 'call.answered';
      call: Call;
      by: PublicUser;
      device: CallDevice;
      answer?: unknown;
      answerFollows?: true;
    }
  /** To the device that answered or rejected: its word counted. */
  | { type: 'call.responded'; call: Call; response: 'accept' | 'reject' | 'busy' }
  /** To the caller's device: the call came to nothing because of the callee. `timeout` also when it was missed. */
  | {
      type: 'call.rejected';
      call: Call;
      by: PublicUser;
      reason: 'rejected' | 'busy' | 'timeout' | 'unavailable';
    }
  /** The call could not even ring; `callId` when one was recorded. */
  | {
      type: 'call.failed';
      callId?: CallId;
      to: UserId;
      kind: CallKind;
      reason: 'user_busy' | 'user_unavailable' | 'user_not_found';
    }
  /**
   * Over, for this device: because the call is, or because another device of the same user took or refused it.
   * The device that acted is told, too; a dialect that echoes nothing to it encodes no frame when `by` is the recipient.
   */
  | {
      type: 'call.ended';
      call: Call;
      by?: PublicUser;
      reason:
        | 'hangup'
        | 'cancelled'
        | 'timeout'
        | 'network_error'
        | 'answered_elsewhere'
        | 'rejected_elsewhere'
        /** Another device of the same user took it over. */
        | 'moved';
    }
  /** The other party is away (`away`) or back; only vocabularies that know grace say so. */
  | { type: 'call.peer'; call: Call; by: PublicUser; state: 'away' | 'back'; graceUntil?: string }
  /** To the other party: `by` goes on with another device, which is negotiated with anew. */
  | { type: 'call.moved'; call: Call; by: PublicUser; device: CallDevice }
  /** To a device in a call whose TURN credentials are about to lapse: the next ones. */
  | { type: 'ice.servers'; callId: CallId; servers: IceServers }
  /** `accepts`: the callee's answer to a caller who sent an offer with the ring, which the accept had left open. */
  | {
      type: 'call.signal';
      callId: CallId;
      from: PublicUser;
      /** The transport's id of the socket it came from, which some vocabularies show. */
      socketId?: string;
      roomId?: RoomId;
      signal: Signal;
      accepts?: true;
    }
  /** The node is leaving: reconnect within `withinMs`, spread at random. */
  | { type: 'server.drain'; withinMs: number };

export type DeliveryType = Delivery['type'];
export type DeliveryOf<T extends DeliveryType> = Extract<Delivery, { type: T }>;
