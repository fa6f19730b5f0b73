import {
  Call,
  CallDevice,
  CallId,
  CallKind,
  CallMedia,
  ContentType,
  ConversationId,
  ConversationSummary,
  DeviceId,
  ErrorDetail,
  LIMITS,
  Message,
  MessageId,
  Negotiation,
  Participant,
  PublicUser,
  Rejection,
  Room,
  RoomId,
  RoomSignal,
  Signal,
  UserId,
} from '@switchboard/protocol';
import { z } from 'zod';
import { Candidate, Description, Text } from '../payload/bounded.ts';
import { SocketError } from '../payload/error-frame.ts';
import { IceServersShape } from '../payload/ice-servers.ts';
import { CallIdInput, MessageIdInput, RoomIdInput, UserIdInput } from '../payload/ids.ts';
import { JitsiRoomShape } from '../payload/jitsi-room.ts';
import { missing } from '../payload/required.ts';

const page = { limit: z.int().min(1).max(LIMITS.pageMax).default(LIMITS.pageDefault) };
const seq = z.int().positive();

/** `{userId}` or `{roomId}`, never both. */
const Target = z.union([z.strictObject({ userId: UserIdInput }), z.strictObject({ roomId: RoomIdInput })], {
  error: 'must be {userId} or {roomId}',
});
/** Without `callId`: the sender's own call. */
const whichCall = { callId: CallIdInput.optional() };

/** For commands whose every field is optional, so that no payload at all is fine, too. */
const optional = <S extends z.ZodRawShape>(shape: S) => z.object(shape).prefault({} as never);

export const SessionJoin = z.object({ token: z.string().min(1).max(LIMITS.textBytes) });
export const ChatSend = z.object({
  to: Target,
  content: Text,
  contentType: ContentType.default('text'),
  clientMessageId: z.string().min(1).max(LIMITS.clientMessageIdLength).optional(),
});
export const ChatRead = z
  .object({
    messageIds: z.array(MessageIdInput).max(LIMITS.pageMax).default([]),
    conversationId: ConversationId.optional(),
    upToSeq: seq.optional(),
  })
  .refine(
    (read) => read.messageIds.length > 0 || read.conversationId !== undefined,
    missing('conversationId'),
  );
export const ChatTyping = z.object({ to: Target, active: z.boolean() });
export const ChatSync = z.object({ conversationId: ConversationId, after: z.int().nonnegative(), ...page });
export const ChatHistory = z.object({ conversationId: ConversationId, before: seq.optional(), ...page });
export const ChatConversations = optional(page);
export const PresenceList = optional({});
export const RoomJoin = z.object({ roomId: RoomIdInput });
export const RoomLeave = z.object({ roomId: RoomIdInput });
export const RoomSend = z.object({
  roomId: RoomIdInput,
  /** Absent: everybody else in the room. */
  to: z
    .union([z.strictObject({ userId: UserIdInput }), z.strictObject({ socketId: z.string().min(1).max(64) })])
    .optional(),
  signal: z.discriminatedUnion('kind', [
    z.object({ kind: z.enum(['offer', 'answer']), payload: Description }),
    z.object({ kind: z.literal('candidate'), payload: Candidate }),
    z.object({ kind: z.literal('hangup') }),
  ]),
});
export const CallPlace = z
  .object({
    to: Target,
    kind: CallKind,
    media: CallMedia.default('p2p'),
    /** offer-first when there is an offer, else accept-first. */
    negotiation: Negotiation.optional(),
    offer: Description.optional(),
    callId: CallIdInput.optional(),
  })
  .refine((call) => call.negotiation !== 'offer-first' || call.offer !== undefined, missing('offer'))
  .refine(
    (call) => call.media === 'p2p' || (call.offer === undefined && call.negotiation !== 'offer-first'),
    {
      error: 'is for p2p calls',
      path: ['offer'],
      params: { rule: 'invalid' },
    },
  );
export const CallAnswer = optional({ ...whichCall, answer: Description.optional() });
export const CallReject = optional({
  ...whichCall,
  reason: z.enum(['rejected', 'busy']).default('rejected'),
});
export const CallEnd = optional(whichCall);
export const CallSignal = z.object({
  ...whichCall,
  signal: z.discriminatedUnion('kind', [
    z.object({ kind: z.enum(['offer', 'answer']), payload: Description }),
    z.object({ kind: z.literal('candidate'), payload: Candidate }),
  ]),
});
export const CallResume = optional(whichCall);
export const CallTake = z.object({ callId: CallIdInput });
export const CallAck = z.object({ callId: CallIdInput });

const at = z.iso.datetime();
/** `jitsi` when the call's media is jitsi, else the servers to connect by, with credentials that lapse at `iceExpiresAt`; neither once it is over. */
const way = {
  jitsi: JitsiRoomShape.optional(),
  iceServers: IceServersShape.optional(),
  iceExpiresAt: at.optional(),
};
const withWay = { call: Call, ...way };

export const nativeOutbound = {
  'session.connected': {
    schema: z.object({ userId: UserId, deviceId: DeviceId, socketId: z.string() }),
    summary: 'The socket is authenticated; `deviceId` is what calls name it by.',
  },
  presence: {
    schema: z.object({
      online: z.array(PublicUser),
      joined: z.array(PublicUser),
      left: z.array(PublicUser),
      at,
    }),
    summary: 'Everybody online and what changed since the last one; both changes are empty on connect.',
  },
  'message.created': { schema: z.object({ message: Message }), summary: 'A message was stored.' },
  'message.delivered': {
    schema: z.object({ messageId: MessageId, conversationId: ConversationId, at }),
    summary: 'To the author: a device of the receiver was sent the message.',
  },
  'message.read': {
    schema: z.object({
      conversationId: ConversationId,
      messageIds: z.array(MessageId),
      authorId: UserId,
      readerId: UserId,
      upToSeq: z.number().int().positive(),
      at,
    }),
    summary: '`readerId` read the conversation up to `upToSeq`.',
  },
  typing: {
    schema: z.object({
      from: PublicUser,
      active: z.boolean(),
      conversationId: ConversationId,
      roomId: RoomId.optional(),
    }),
    summary: 'Somebody writes, or stopped.',
  },
  'room.participants': {
    schema: z.object({ roomId: RoomId, participants: z.array(Participant) }),
    summary: 'Everybody in the room, whenever that changed.',
  },
  'room.joined': {
    schema: z.object({ roomId: RoomId, participant: Participant }),
    summary: 'Somebody else came into the room.',
  },
  'room.left': {
    schema: z.object({ roomId: RoomId, participant: Participant }),
    summary: 'Somebody left the room.',
  },
  'room.signal': {
    schema: z.object({
      roomId: RoomId,
      from: PublicUser,
      socketId: z.string(),
      signal: RoomSignal,
      direct: z.boolean(),
    }),
    summary: 'Negotiation from a participant; `direct` when it was sent to this one alone.',
  },
  'room.updated': { schema: z.object({ room: Room }), summary: 'The room was changed by its creator.' },
  'room.deleted': { schema: z.object({ roomId: RoomId }), summary: 'The room is gone.' },
  'call.placed': { schema: z.object(withWay), summary: 'To the caller: the call rings.' },
  'call.incoming': {
    schema: z.object({ ...withWay, offer: z.unknown().optional(), expiresAt: at }),
    summary: 'A call rings here until `expiresAt`.',
  },
  'call.answered': {
    schema: z.object({ ...withWay, by: PublicUser, device: CallDevice, answer: z.unknown().optional() }),
    summary: 'To the caller: the call was taken; without an answer, negotiation follows by signals.',
  },
  'call.responded': {
    schema: z.object({ ...withWay, response: z.enum(['accept', 'reject', 'busy']) }),
    summary: 'To the device that answered or refused: its word counted.',
  },
  'call.rejected': {
    schema: z.object({
      call: Call,
      by: PublicUser,
      reason: z.enum(['rejected', 'busy', 'timeout', 'unavailable']),
    }),
    summary: 'To the caller: the call came to nothing because of the callee.',
  },
  'call.failed': {
    schema: z.object({
      callId: CallId.optional(),
      to: UserId,
      kind: CallKind,
      reason: z.enum(['user_busy', 'user_unavailable', 'user_not_found']),
    }),
    summary: 'To the caller: the call could not ring.',
  },
  'call.ended': {
    schema: z.object({
      call: Call,
      by: PublicUser.optional(),
      reason: z.enum([
        'hangup',
        'cancelled',
        'timeout',
        'network_error',
        'answered_elsewhere',
        'rejected_elsewhere',
        'moved',
      ]),
    }),
    summary: 'The call is over for this device.',
  },
  'call.peer': {
    schema: z.object({
      call: Call,
      by: PublicUser,
      state: z.enum(['away', 'back']),
      graceUntil: at.optional(),
    }),
    summary: 'The other party lost its connection and may return until `graceUntil`, or is back.',
  },
  'call.moved': {
    schema: z.object({ call: Call, by: PublicUser, device: CallDevice }),
    summary:
      'The other party goes on with another device, whose offer follows; the same `device` again is no news.',
  },
  'ice.servers': {
    schema: z.object({ callId: CallId, iceServers: IceServersShape, expiresAt: at.optional() }),
    summary: 'The servers for this call from now on: the credentials of the former ones lapse soon.',
  },
  'call.signal': {
    schema: z.object({
      callId: CallId,
      from: PublicUser,
      socketId: z.string().optional(),
      roomId: RoomId.optional(),
      signal: Signal,
    }),
    summary: 'One piece of WebRTC negotiation from the other device.',
  },
  'server.drain': {
    schema: z.object({ withinMs: z.number().int().nonnegative() }),
    summary: 'The node is leaving: reconnect at a random moment within `withinMs`.',
  },
  error: {
    schema: SocketError.extend({
      detail: ErrorDetail.optional(),
      fields: Rejection.shape.fields,
      retryable: z.boolean(),
      retryAfterMs: z.number().int().nonnegative().optional(),
    }),
    summary: 'An event without an ack function was refused.',
  },
} as const;

/** The fields of a positive ack, beside `ok` and `success`. */
export const nativeAcks = {
  'session.join': z.object({ userId: UserId, deviceId: DeviceId }),
  'chat.send': z.object({ message: Message, duplicate: z.boolean() }),
  'chat.read': z.object({ upToSeq: z.number().int().nonnegative() }),
  'chat.typing': z.object({}),
  'chat.sync': z.object({ messages: z.array(Message), more: z.boolean() }),
  'chat.history': z.object({ messages: z.array(Message), more: z.boolean() }),
  'chat.conversations': z.object({ conversations: z.array(ConversationSummary) }),
  'presence.list': z.object({ online: z.array(PublicUser) }),
  'room.join': z.object({ room: Room, participants: z.array(Participant) }),
  'room.leave': z.object({}),
  'room.signal': z.object({ relayed: z.boolean() }),
  'call.place': z.object({ ...withWay, renegotiation: z.boolean() }),
  'call.answer': z.object({ ...withWay, renegotiation: z.boolean(), offer: z.unknown().optional() }),
  'call.reject': z.object({ call: Call }),
  'call.end': z.object({ call: Call.nullable() }),
  'call.signal': z.object({ relayed: z.boolean() }),
  'call.take': z.object(withWay),
  'call.resume': z.object({
    call: Call.nullable(),
    ...way,
    offer: z.unknown().optional(),
  }),
  'call.ack': z.object({}),
} as const;
