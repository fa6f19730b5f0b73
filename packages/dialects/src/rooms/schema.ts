import { CallId, MessageId, type Peer, RoomId, UserId } from '@switchboard/protocol';
import { z } from 'zod';
import { Candidate, Description, Text } from '../payload/bounded.ts';
import { CallKindInput } from '../payload/call-kind.ts';
import { SocketError } from '../payload/error-frame.ts';
import { CallIdInput, RoomIdInput, UserIdInput } from '../payload/ids.ts';
import { missing } from '../payload/required.ts';
import { SOCKET_ID } from './arguments.ts';

const SocketId = z.string().regex(SOCKET_ID);

/** A user, or one of their sockets. */
const PeerInput = z.union(
  [
    UserIdInput.transform((userId): Peer => ({ kind: 'user', userId })),
    SocketId.transform((socketId): Peer => ({ kind: 'socket', socketId })),
  ],
  { error: 'must be a user id or a socket id' },
);

export const NamedRoom = z.object({ roomId: RoomIdInput });
export const SendMessage = z.object({ roomId: RoomIdInput, content: Text });

/** Without a target: to all others in the room. */
const address = {
  roomId: RoomIdInput.optional(),
  to: PeerInput.optional(),
  callId: CallIdInput.optional(),
};
export const Offer = z.object({ ...address, offer: Description });
export const Answer = z.object({ ...address, answer: Description });
export const IceCandidate = z.object({ ...address, candidate: Candidate });

export const InitiateCall = z
  .object({
    to: PeerInput.optional(),
    /** Without `to`: everybody else in the room is called. */
    roomId: RoomIdInput.optional(),
    callType: CallKindInput.default('video'),
    offer: Description.optional(),
  })
  .refine((call) => call.to !== undefined || call.roomId !== undefined, missing('to'));

/** By id, else by the other party, else the one that the sender is in. */
const whichCall = { callId: CallIdInput.optional(), to: PeerInput.optional() };
export const AcceptCall = z.object({ ...whichCall, answer: Description.optional() });
export const RejectCall = z.object({
  ...whichCall,
  /** `busy` is told apart; whatever else a client says, it said no. */
  reason: z.unknown().optional(),
});
export const EndCall = z.object({ ...whichCall, roomId: RoomIdInput.optional() });

const timestamp = z.iso.datetime();

export const RoomsMessage = z.object({
  _id: MessageId,
  id: MessageId,
  room: RoomId,
  roomId: RoomId,
  sender: UserId,
  senderId: UserId,
  senderName: z.string(),
  username: z.string(),
  content: z.string(),
  message: z.string(),
  text: z.string(),
  timestamp,
  createdAt: timestamp,
});

export const RoomsParticipant = z.object({
  userId: UserId,
  id: UserId,
  _id: UserId,
  socketId: z.string(),
  username: z.string(),
  name: z.string(),
});

/** `createdBy` and `participants` are ids, as the document's schema has them; who takes part by name is told on the socket. */
export const RoomsRoom = z.object({
  _id: RoomId,
  id: RoomId,
  name: z.string(),
  description: z.string(),
  createdBy: UserId,
  participants: z.array(UserId),
  createdAt: timestamp,
});

const CameOrWent = RoomsParticipant.extend({ roomId: RoomId });

const signal = {
  from: UserId,
  fromUserId: UserId,
  senderId: UserId,
  callerId: UserId,
  userId: UserId,
  fromSocketId: z.string().optional(),
  senderSocketId: z.string().optional(),
  username: z.string(),
  roomId: RoomId.optional(),
  callId: CallId.optional(),
};
/** The text of the description; the description itself for clients that sent it under this name. */
const sdp = z.unknown().optional();

export const RoomsCallType = z.enum(['audio', 'video']);

const news = {
  /** Absent where there is no call: signalling in a room, or a user who cannot be called. */
  callId: CallId.optional(),
  from: UserId,
  by: UserId,
  userId: UserId,
  roomId: RoomId.optional(),
};

export const roomsOutbound = {
  'new-message': { schema: RoomsMessage, summary: 'A message in a room, to everybody in it.' },
  'user-joined': { schema: CameOrWent, summary: 'Somebody else came into the room.' },
  'user-left': { schema: CameOrWent, summary: 'Somebody left the room with their last socket.' },
  'room-participants': {
    schema: z.array(RoomsParticipant),
    summary: 'Everybody in the room, oneself included, whenever that changed.',
  },
  'webrtc-offer': {
    schema: z.object({ ...signal, offer: z.unknown(), sdp }),
    summary: 'An offer from somebody in the room or in the call.',
  },
  'webrtc-answer': {
    schema: z.object({ ...signal, answer: z.unknown(), sdp }),
    summary: 'An answer from somebody in the room or in the call.',
  },
  'webrtc-ice-candidate': {
    schema: z.object({ ...signal, candidate: z.unknown() }),
    summary: 'A candidate of somebody in the room or in the call.',
  },
  'incoming-call': {
    schema: z.object({
      callId: CallId,
      from: UserId,
      fromUserId: UserId,
      callerId: UserId,
      fromName: z.string(),
      callerName: z.string(),
      username: z.string(),
      callType: RoomsCallType,
      type: RoomsCallType,
      isVideo: z.boolean(),
      roomId: RoomId.optional(),
      offer: z.unknown().optional(),
    }),
    summary: 'Somebody calls; `offer` when they sent one, which comes again after the accept.',
  },
  'call-accepted': {
    schema: z.object({ ...news, answer: z.unknown().optional() }),
    summary: 'To the caller: the call was taken; without an answer it is time for an offer.',
  },
  'call-rejected': {
    schema: z.object({ ...news, reason: z.enum(['rejected', 'busy', 'unavailable']) }),
    summary: 'To the caller: the call came to nothing because of the callee.',
  },
  'call-ended': {
    schema: z.object({
      ...news,
      reason: z.enum([
        'hangup',
        'cancelled',
        'timeout',
        'network_error',
        'answered_elsewhere',
        'rejected_elsewhere',
      ]),
    }),
    summary: 'The call is over for this device; `from` is the other party.',
  },
  error: { schema: SocketError, summary: 'An event without an ack function was refused.' },
} as const;
