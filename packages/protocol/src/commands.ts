import { z } from 'zod';
import { CallKind, CallMedia, CallRef, Negotiation, Signal } from './call.ts';
import { ChatTarget, ContentType } from './chat.ts';
import { CallId, ConversationId, MessageId, RoomId, UserId } from './ids.ts';
import { LIMITS } from './limits.ts';
import { Peer, RoomSignal } from './room.ts';

/**
 * What a client can ask of us over a socket, in canonical form. Dialects decode into these; handlers know nothing else.
 * None carries who speaks: that is the socket's verified identity.
 */
const page = { limit: z.number().int().min(1).max(LIMITS.pageMax).default(LIMITS.pageDefault) };

export const SessionJoin = z.object({ type: z.literal('session.join'), token: z.string() });

export const ChatSend = z.object({
  type: z.literal('chat.send'),
  to: ChatTarget,
  content: z.string(),
  contentType: ContentType,
  /** Chosen by the client so that a retry after a lost ack is the same message. */
  clientMessageId: z.string().min(1).max(LIMITS.clientMessageIdLength).optional(),
});
export const ChatRead = z.object({
  type: z.literal('chat.read'),
  messageIds: z.array(MessageId).max(LIMITS.pageMax).default([]),
  conversationId: ConversationId.optional(),
  /** With `conversationId`: everything up to here; absent means everything. */
  upToSeq: z.number().int().positive().optional(),
});
export const ChatTyping = z.object({ type: z.literal('chat.typing'), to: ChatTarget, active: z.boolean() });
export const ChatSync = z.object({
  type: z.literal('chat.sync'),
  conversationId: ConversationId,
  /** Messages with a greater seq, oldest first. */
  after: z.number().int().nonnegative(),
  ...page,
});
export const ChatHistory = z.object({
  type: z.literal('chat.history'),
  conversationId: ConversationId,
  /** Messages with a smaller seq, newest page, oldest first within it. */
  before: z.number().int().positive().optional(),
  ...page,
});
export const ChatConversations = z.object({ type: z.literal('chat.conversations'), ...page });

export const PresenceList = z.object({ type: z.literal('presence.list') });

/** This socket takes part in the room: it hears what is said there, and its user is one of the participants. Again: no change. */
export const RoomJoin = z.object({ type: z.literal('room.join'), roomId: RoomId });
export const RoomLeave = z.object({ type: z.literal('room.leave'), roomId: RoomId });
/**
 * To one participant, or to all others in the room. `roomId` absent: a room that the sender shares with `to`, without `to` the only one it is in.
 * Between the two parties of a live call it is a signal of that call.
 */
export const RoomSignalSend = z.object({
  type: z.literal('room.signal'),
  roomId: RoomId.optional(),
  to: Peer.optional(),
  signal: RoomSignal,
});

export const CallPlace = z.object({
  type: z.literal('call.place'),
  to: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('user'), userId: UserId }),
    /** Whose socket it is; one who shares a room with the sender. */
    z.object({ kind: z.literal('socket'), socketId: z.string().min(1).max(64) }),
    /** Everybody else who takes part in the room. */
    z.object({ kind: z.literal('room'), roomId: RoomId }),
  ]),
  kind: CallKind,
  media: CallMedia,
  negotiation: Negotiation,
  /** The SDP offer of an offer-first caller. */
  offer: z.unknown().optional(),
  /** Chosen by the client so that a retry is the same call. */
  callId: CallId.optional(),
});
export const CallAnswer = z.object({
  type: z.literal('call.answer'),
  ref: CallRef,
  answer: z.unknown().optional(),
});
export const CallReject = z.object({
  type: z.literal('call.reject'),
  ref: CallRef,
  reason: z.enum(['rejected', 'busy']).default('rejected'),
});
export const CallEnd = z.object({
  type: z.literal('call.end'),
  ref: CallRef,
  /** Without such a call: a hang-up for the others in this room, who may be signalling without one. */
  roomId: RoomId.optional(),
});
export const CallSignal = z.object({ type: z.literal('call.signal'), ref: CallRef, signal: Signal });
/** A device asks for its user's live call: to take its place again after a reconnect, or to see one that rings. */
export const CallResume = z.object({ type: z.literal('call.resume'), callId: CallId.optional() });
/** This device rings: the ledger of the call keeps it. */
export const CallAck = z.object({ type: z.literal('call.ack'), callId: CallId });
/** This device takes over the live call that another device of the same user is in; the other party negotiates with it from then on. */
export const CallTake = z.object({ type: z.literal('call.take'), callId: CallId });

export const Command = z.discriminatedUnion('type', [
  SessionJoin,
  ChatSend,
  ChatRead,
  ChatTyping,
  ChatSync,
  ChatHistory,
  ChatConversations,
  PresenceList,
  RoomJoin,
  RoomLeave,
  RoomSignalSend,
  CallPlace,
  CallAnswer,
  CallReject,
  CallEnd,
  CallSignal,
  CallResume,
  CallTake,
  CallAck,
]);
export type Command = z.infer<typeof Command>;
export type CommandType = Command['type'];
export type CommandOf<T extends CommandType> = Extract<Command, { type: T }>;
