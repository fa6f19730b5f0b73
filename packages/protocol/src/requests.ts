import { z } from 'zod';
import { Call, DialectName } from './call.ts';
import { ChatTarget, ConversationSummary, Message } from './chat.ts';
import { ChatConversations, ChatHistory, ChatRead, ChatSend, ChatSync } from './commands.ts';
import { Rejection } from './errors.ts';
import { CallId, ConversationId, DeviceId, MessageId, RoomId, SessionId, UserId } from './ids.ts';
import { LiveSessions } from './push.ts';
import { Participant, Room } from './room.ts';
import { DirectoryUser, Identity } from './user.ts';

/**
 * Request/reply between services over the bus, each to one member of the owning service's queue group.
 * `actor` is an identity that the calling edge has verified; a reply is the value or a `Rejection`.
 */
const bare = { type: true } as const;
const Page = z.object({ messages: z.array(Message), more: z.boolean() });
const Sent = z.object({ message: Message, duplicate: z.boolean() });

/**
 * Bounds on one `chat.send.batch`; bytes are those of the messages as UTF-8 JSON, and whoever gathers them keeps within. The reply, which repeats each message with its
 * sender and readers, or tells of a longer one stored before, stays below a broker's usual 1 MiB.
 */
export const SEND_BATCH = { messages: 64, bytes: 256 * 1024 } as const;

export const REQUESTS = {
  /** Is this session of this user still good? Rejects UNAUTHORIZED with detail user_deleted, user_banned or revoked_session. */
  'auth.session.check': {
    payload: z.object({ userId: UserId, sessionId: SessionId }),
    reply: Identity,
  },
  /** Users by id, at most 200, whatever their status; unknown ids are left out. */
  'auth.users.get': {
    payload: z.object({ userIds: z.array(UserId).max(200) }),
    reply: z.object({ users: z.array(DirectoryUser) }),
  },
  /** Stores a message; replies only once it is durable. `duplicate` when the clientMessageId was known already. */
  'chat.send': {
    /** To a room: the calling edge has seen that `actor` is in it. */
    payload: ChatSend.omit(bare).extend({ actor: Identity, origin: DeviceId.optional() }),
    reply: Sent,
  },
  /**
   * Stores what one device sends to one conversation, in this order, as so many `chat.send` would; one answer for each, in the same order. One refused does not hold up
   * the others. A SERVICE_UNAVAILABLE among the answers means unknown, as it does for the whole.
   */
  'chat.send.batch': {
    /** To a room: the calling edge has seen that `actor` is in it. */
    payload: z.object({
      actor: Identity,
      origin: DeviceId.optional(),
      to: ChatTarget,
      messages: z
        .array(ChatSend.omit({ ...bare, to: true }))
        .min(1)
        .max(SEND_BATCH.messages),
    }),
    reply: z.object({
      answers: z.array(
        z.discriminatedUnion('ok', [
          z.object({ ok: z.literal(true), value: Sent }),
          z.object({ ok: z.literal(false), error: Rejection }),
        ]),
      ),
    }),
  },
  'chat.read': {
    payload: ChatRead.omit(bare).extend({ actor: Identity }),
    reply: z.object({ upToSeq: z.number().int().nonnegative() }),
  },
  /** A device of the receiver was sent these; batched by the delivering node. Unknown ids are ignored. */
  'chat.delivered': {
    payload: z.object({
      deliveries: z
        .array(z.object({ conversationId: ConversationId, messageId: MessageId }))
        .min(1)
        .max(500),
    }),
    reply: z.object({}),
  },
  'chat.sync': { payload: ChatSync.omit(bare).extend({ actor: Identity }), reply: Page },
  'chat.history': { payload: ChatHistory.omit(bare).extend({ actor: Identity }), reply: Page },
  'chat.conversations': {
    payload: ChatConversations.omit(bare).extend({ actor: Identity }),
    reply: z.object({ conversations: z.array(ConversationSummary) }),
  },
  /** Unread of each user, over everything and in one conversation; users without any are in it with zeros. Counts are exact up to 1,000 a conversation. */
  'chat.unread': {
    payload: z.object({
      userIds: z.array(UserId).min(1).max(100),
      conversationId: ConversationId.optional(),
    }),
    reply: z.object({
      users: z.array(
        z.object({
          userId: UserId,
          total: z.number().int().nonnegative(),
          /** Of `conversationId`; zero without one. */
          conversation: z.number().int().nonnegative(),
          readSeq: z.number().int().nonnegative(),
        }),
      ),
    }),
  },
  /** Who follows a conversation, in ascending order of ids: both members of a direct one, those who wrote or read in a room. */
  'chat.followers': {
    payload: z.object({
      conversationId: ConversationId,
      after: UserId.optional(),
      limit: z.number().int().min(1).max(500),
    }),
    reply: z.object({ userIds: z.array(UserId), more: z.boolean() }),
  },
  /** An active room; rejects ROOM_NOT_FOUND. */
  'chat.room.get': { payload: z.object({ roomId: RoomId }), reply: z.object({ room: Room }) },
  /** Who is in these rooms now, by room id; rooms with nobody in them are left out. */
  'signaling.room.participants': {
    payload: z.object({ roomIds: z.array(RoomId).max(200) }),
    reply: z.object({ rooms: z.record(z.string(), z.array(Participant)) }),
  },
  /** The sessions with a live socket of each user; users without any are left out. */
  'signaling.live': {
    payload: z.object({ userIds: z.array(UserId).min(1).max(200) }),
    reply: z.object({ users: z.array(LiveSessions) }),
  },
  /** A call as it is now or as it ended; null when it is known neither live nor in history. */
  'signaling.call.get': {
    payload: z.object({ callId: CallId }),
    reply: z.object({ call: Call.nullable() }),
  },
  /** The vocabularies in which each user's push targets would wake up if they were rung now; users without any, or who want no ring now, are left out. */
  'notification.reachable': {
    payload: z.object({ userIds: z.array(UserId).min(1).max(100) }),
    reply: z.object({
      users: z.array(z.object({ userId: UserId, dialects: z.array(DialectName).min(1) })),
    }),
  },
} as const;

export type RequestName = keyof typeof REQUESTS;
export type RequestPayload<N extends RequestName> = z.infer<(typeof REQUESTS)[N]['payload']>;
export type RequestReply<N extends RequestName> = z.infer<(typeof REQUESTS)[N]['reply']>;

/**
 * Ephemeral hints to every instance of every service, or to one signaling node. May be lost: whoever relies on one
 * must also find the truth without it.
 */
export const Notice = z.discriminatedUnion('type', [
  /** Drop what is cached of the session or user, and close their sockets. `sessionId` absent: all sessions. */
  z.object({
    type: z.literal('session.revoked'),
    userId: UserId,
    sessionId: SessionId.optional(),
    reason: z.enum(['logout', 'banned', 'deleted', 'password_changed', 'reuse', 'role_changed']),
  }),
  z.object({ type: z.literal('user.changed'), userId: UserId }),
  /** A live call changed on another node; drop what this node remembers of it. */
  z.object({ type: z.literal('call.changed'), callId: z.string() }),
  /** The push targets or notification settings of the user changed. */
  z.object({ type: z.literal('push.changed'), userId: UserId }),
  /** An administrator changed a webhook, or one was turned off. */
  z.object({ type: z.literal('webhooks.changed') }),
  /** Somebody came into a room or left it, on any node. `gone`: the room was deleted and nobody is in it any more. */
  z.object({ type: z.literal('room.changed'), roomId: RoomId, gone: z.literal(true).optional() }),
]);
export type Notice = z.infer<typeof Notice>;
