import { z } from 'zod';
import { Call, CallDevice, CallEndReason, Negotiation } from './call.ts';
import { Message } from './chat.ts';
import { CallId, ConversationId, DeviceId, EventId, MessageId, SessionId, UserId } from './ids.ts';
import { type PushContent, PushStep, PushTarget } from './push.ts';
import { Room } from './room.ts';
import { DirectoryUser } from './user.ts';

/**
 * Facts on the bus, delivered at least once and in order per `key`. `id` is the dedupe id; `at` is when it became true.
 * None holds a secret, a description, a candidate or a password.
 */
const envelope = { v: z.literal(1), id: EventId, at: z.iso.datetime() };

const fact = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.object({ ...envelope, type: z.literal(type), ...shape });

export const UserCreated = fact('auth.user.created', { user: DirectoryUser });
export const UserUpdated = fact('auth.user.updated', { user: DirectoryUser });
export const UserBanned = fact('auth.user.banned', { user: DirectoryUser });
export const UserUnbanned = fact('auth.user.unbanned', { user: DirectoryUser });
export const UserDeleted = fact('auth.user.deleted', { user: DirectoryUser });
/** `sessionId` absent: every session of the user. */
export const SessionRevoked = fact('auth.session.revoked', {
  userId: UserId,
  sessionId: SessionId.optional(),
});

export const MessageCreated = fact('chat.message.created', {
  message: Message,
  /** The sending device, which has its ack and needs no copy. */
  origin: DeviceId.optional(),
});
export const MessagesRead = fact('chat.message.read', {
  conversationId: ConversationId,
  readerId: UserId,
  /** Author → the ids of theirs that became read; bounded by one page, a conversation-wide read names the newest ones. */
  read: z.array(z.object({ authorId: UserId, messageIds: z.array(MessageId) })),
  upToSeq: z.number().int().positive(),
});

export const RoomCreated = fact('chat.room.created', { room: Room });
export const RoomUpdated = fact('chat.room.updated', { room: Room });
/** `room.active` is false. */
export const RoomDeleted = fact('chat.room.deleted', { room: Room });

/** A device of the receiver was sent these messages of one author for the first time. */
export const MessagesDelivered = fact('chat.message.delivered', {
  conversationId: ConversationId,
  authorId: UserId,
  messageIds: z.array(MessageId).min(1),
});

export const CallRinging = fact('call.ringing', {
  call: Call,
  reachable: z.array(UserId),
  /** What decides which devices can be rung, and when they fall silent by themselves. `offered`: the caller's offer goes with the ring. */
  ring: z.object({ until: z.iso.datetime(), negotiation: Negotiation, offered: z.boolean() }).optional(),
});
/** `sessionId`, here and below: the session of the device that acted, which is to hear nothing of its own doing by push. */
export const CallAnswered = fact('call.answered', {
  call: Call,
  by: UserId,
  device: CallDevice,
  sessionId: SessionId.optional(),
});
/** One of several callees said no while the others still ring. */
export const CallDeclined = fact('call.declined', {
  call: Call,
  by: UserId,
  device: CallDevice.optional(),
  sessionId: SessionId.optional(),
  reason: z.enum(['rejected', 'busy', 'unavailable']),
});
/** A party's device was replaced by another of the same user, after a reconnect. */
export const CallResumed = fact('call.resumed', {
  call: Call,
  by: UserId,
  device: CallDevice,
  replaced: DeviceId,
});
/** A party's device went away; it may return until `graceUntil`. */
export const CallInterrupted = fact('call.interrupted', {
  call: Call,
  by: UserId,
  graceUntil: z.iso.datetime(),
});
export const CallEnded = fact('call.ended', {
  call: Call,
  reason: CallEndReason,
  by: UserId.optional(),
  /** The device that acted, when one did. */
  device: CallDevice.optional(),
  sessionId: SessionId.optional(),
  /** The phase in which it ended: a ringing call ends on every rung device, an active one on two. */
  from: z.enum(['ringing', 'active']),
});

/** A party took the call over with another of its devices, which the other party has to negotiate with anew. */
export const CallMoved = fact('call.moved', {
  call: Call,
  by: UserId,
  device: CallDevice,
  replaced: DeviceId,
});
/** A device says that it rings; vocabularies without such a word never do. */
export const CallAcknowledged = fact('call.acknowledged', {
  callId: CallId,
  userId: UserId,
  device: CallDevice,
  sessionId: SessionId,
});
/** What became of a push about the call. */
export const CallPushed = fact('call.pushed', {
  callId: CallId,
  userId: UserId,
  target: PushTarget,
  content: z.enum(['call.incoming', 'call.cancelled', 'call.missed'] satisfies PushContent['type'][]),
  step: PushStep,
  /** A short machine word, such as `DeviceNotRegistered`, `expired` or `quiet_hours`. */
  detail: z.string().max(64).optional(),
});

export const BusEvent = z.discriminatedUnion('type', [
  UserCreated,
  UserUpdated,
  UserBanned,
  UserUnbanned,
  UserDeleted,
  SessionRevoked,
  MessageCreated,
  MessagesRead,
  MessagesDelivered,
  RoomCreated,
  RoomUpdated,
  RoomDeleted,
  CallRinging,
  CallAnswered,
  CallDeclined,
  CallResumed,
  CallInterrupted,
  CallEnded,
  CallMoved,
  CallAcknowledged,
  CallPushed,
]);
export type BusEvent = z.infer<typeof BusEvent>;
export type EventType = BusEvent['type'];
export type EventOf<T extends EventType> = Extract<BusEvent, { type: T }>;
/** An event before it got its envelope. */
export type EventBody<E extends BusEvent = BusEvent> = E extends BusEvent
  ? Omit<E, 'v' | 'id' | 'at'>
  : never;
/** A fact about a call that shows the call as it then was. */
export type CallEvent = Extract<BusEvent, { call: Call }>;

/** The three durable streams and the events in each. */
export const STREAMS = { AUTH: 'auth.>', CHAT: 'chat.>', CALLS: 'call.>' } as const;

/** Events with equal keys are handled in publish order; others may overtake each other. */
export function orderingKey(event: BusEvent): string {
  switch (event.type) {
    case 'auth.session.revoked':
      return `user:${event.userId}`;
    case 'chat.message.created':
      return event.message.conversationId;
    case 'chat.room.created':
    case 'chat.room.updated':
    case 'chat.room.deleted':
      return `room:${event.room.id}`;
    case 'chat.message.read':
    case 'chat.message.delivered':
      return event.conversationId;
    case 'call.acknowledged':
    case 'call.pushed':
      return `call:${event.callId}`;
    default:
      return 'user' in event ? `user:${event.user.id}` : `call:${event.call.id}`;
  }
}
