import { z } from 'zod';

/**
 * Canonical ids. Users and rooms come from integer sequences but travel as decimal strings, so that string
 * and integer dialects show the same id; calls, sessions and devices are UUIDs, messages UUIDv7.
 */
const sequenceId = z.string().regex(/^[1-9]\d{0,14}$/);

export const UserId = sequenceId.brand<'UserId'>();
export type UserId = z.infer<typeof UserId>;

export const RoomId = sequenceId.brand<'RoomId'>();
export type RoomId = z.infer<typeof RoomId>;

export const CallId = z.uuid().brand<'CallId'>();
export type CallId = z.infer<typeof CallId>;

export const MessageId = z.uuid().brand<'MessageId'>();
export type MessageId = z.infer<typeof MessageId>;

export const SessionId = z.uuid().brand<'SessionId'>();
export type SessionId = z.infer<typeof SessionId>;

/** One live socket of one user. Ours, not Socket.IO's: a room named by a 20-character socket id would reach every node. */
export const DeviceId = z.uuid().brand<'DeviceId'>();
export type DeviceId = z.infer<typeof DeviceId>;

/** A push target: an app or a browser that can be woken. Not a socket. */
export const PushDeviceId = z.uuid().brand<'PushDeviceId'>();
export type PushDeviceId = z.infer<typeof PushDeviceId>;

export const WebhookId = z.uuid().brand<'WebhookId'>();
export type WebhookId = z.infer<typeof WebhookId>;

export const NodeId = z.string().min(1).max(64).brand<'NodeId'>();
export type NodeId = z.infer<typeof NodeId>;

export const EventId = z.uuid().brand<'EventId'>();
export type EventId = z.infer<typeof EventId>;

/** `d:<lower user id>:<higher user id>` for a direct conversation, `r:<room id>` for a room. */
export const ConversationId = z
  .string()
  .regex(/^(d:[1-9]\d{0,14}:[1-9]\d{0,14}|r:[1-9]\d{0,14})$/)
  .brand<'ConversationId'>();
export type ConversationId = z.infer<typeof ConversationId>;

/** The one conversation of two users, whoever writes first. Ids are compared as integers. */
export function directConversation(a: UserId, b: UserId): ConversationId {
  const [low, high] = Number(a) <= Number(b) ? [a, b] : [b, a];
  return ConversationId.parse(`d:${low}:${high}`);
}

export function roomConversation(room: RoomId): ConversationId {
  return ConversationId.parse(`r:${room}`);
}

/** The two members of a direct conversation; undefined for a room. */
export function directMembers(id: ConversationId): [UserId, UserId] | undefined {
  const [kind, a, b] = id.split(':');
  return kind === 'd' ? [UserId.parse(a), UserId.parse(b)] : undefined;
}

export function roomOf(id: ConversationId): RoomId | undefined {
  const [kind, room] = id.split(':');
  return kind === 'r' ? RoomId.parse(room) : undefined;
}
