import type * as protocol from '@switchboard/protocol';

/**
 * The protocol's types as an application wants them: ids are branded there, so that services cannot mix them up, and plain strings here. (A branded string
 * is told by a symbol of its own among its keys; literals are left as they are.)
 */
type Plain<T> = T extends string
  ? [Exclude<Extract<keyof T, symbol>, typeof Symbol.iterator>] extends [never]
    ? T
    : string
  : T extends readonly (infer Item)[]
    ? Plain<Item>[]
    : T extends object
      ? { [Key in keyof T]: Plain<T[Key]> }
      : T;

/** What other users may see of a user. `name` is the display name and falls back to the username. */
export type PublicUser = Plain<protocol.PublicUser>;
/** A stored message. `seq` counts from 1 without holes inside one conversation; times are ISO 8601, UTC. */
export type Message = Plain<protocol.Message>;
/** One entry of a user's conversation list. */
export type ConversationSummary = Plain<protocol.ConversationSummary>;
/** A call as the server describes it; times are ISO 8601, UTC. */
export type Call = Plain<protocol.Call>;
export type CallKind = protocol.CallKind;
/** One piece of WebRTC negotiation; the payload is relayed as it is: descriptions up to 64 KiB, candidates up to 4 KiB. */
export type Signal = protocol.Signal;
export type Room = Plain<protocol.Room>;
/** A user in a room, however many sockets they have there. */
export type Participant = Plain<protocol.Participant>;
/** A signal, or the word that one is done with it. */
export type RoomSignal = protocol.RoomSignal;

/** A push target of one's own; times are ISO 8601. */
export type PushDevice = Plain<protocol.PushDevice>;
/** What may interrupt the user, wherever nothing else is said of a conversation. */
export type NotificationPreferences = Plain<protocol.NotificationPreferences>;
/** What one conversation may interrupt for. */
export type ConversationNotifications = Plain<protocol.ConversationNotifications>;

/** One's own account. */
export interface Account extends PublicUser {
  readonly email: string | null;
  readonly role: protocol.Role;
}

/** What a client needs to enter a call's Jitsi room; `jwt` where the domain asks for one. */
export interface JitsiRoom {
  readonly domain: string;
  readonly roomName: string;
  readonly url: string;
  readonly jwt?: string;
  readonly config: { readonly startWithAudioMuted: boolean; readonly startWithVideoMuted: boolean };
}

/** Whom a message, a call or a word of typing is for. Ids are decimal strings. */
export type Target = { readonly userId: string } | { readonly roomId: string };

/** STUN or TURN, as an RTCPeerConnection takes it. */
export interface IceServer {
  readonly urls: string[];
  readonly username?: string;
  readonly credential?: string;
}

/** How a call's media go: into a room, or peer to peer by these servers. */
export interface Way {
  readonly jitsi?: JitsiRoom;
  readonly iceServers?: readonly IceServer[];
  /** When their credentials lapse, ISO 8601. */
  readonly iceExpiresAt?: string;
}
type Untyped<T> = T extends unknown ? Omit<T, 'type'> : never;
type Told<T extends protocol.DeliveryType> = Plain<Untyped<Extract<protocol.Delivery, { type: T }>>>;

/** What the server sends, by event name, as the native vocabulary words it. */
export interface ServerEvents {
  'session.connected': { userId: string; deviceId: string; socketId: string };
  presence: Told<'presence'>;
  'message.created': { message: Message };
  'message.delivered': Told<'message.delivered'>;
  'message.read': Told<'message.read'>;
  typing: Told<'typing'>;
  'room.participants': Told<'room.participants'>;
  'room.joined': Told<'room.joined'>;
  'room.left': Told<'room.left'>;
  'room.signal': Told<'room.signal'>;
  'room.updated': Told<'room.updated'>;
  'room.deleted': Told<'room.deleted'>;
  'call.placed': Told<'call.placed'> & Way;
  'call.incoming': Told<'call.incoming'> & Way;
  'call.answered': Told<'call.answered'> & Way;
  'call.responded': Told<'call.responded'> & Way;
  'call.rejected': Told<'call.rejected'>;
  'call.failed': Told<'call.failed'>;
  'call.ended': Told<'call.ended'>;
  'call.peer': Told<'call.peer'>;
  'call.moved': Told<'call.moved'>;
  'ice.servers': { callId: string; iceServers: IceServer[]; expiresAt?: string };
  'call.signal': Told<'call.signal'>;
  'server.drain': Told<'server.drain'>;
  error: { code: string; message: string; retryable?: boolean; retryAfterMs?: number };
}
export type ServerEvent = keyof ServerEvents;

/** The fields without which an event is not the event, and their types: what is not even that is dropped. */
const FIELDS: { readonly [E in ServerEvent]: { readonly [field: string]: 'string' | 'object' | 'number' } } =
  {
    'session.connected': { userId: 'string', deviceId: 'string' },
    presence: { online: 'object', joined: 'object', left: 'object' },
    'message.created': { message: 'object' },
    'message.delivered': { messageId: 'string', conversationId: 'string' },
    'message.read': { conversationId: 'string', readerId: 'string', upToSeq: 'number' },
    typing: { from: 'object', conversationId: 'string' },
    'room.participants': { roomId: 'string', participants: 'object' },
    'room.joined': { roomId: 'string', participant: 'object' },
    'room.left': { roomId: 'string', participant: 'object' },
    'room.signal': { roomId: 'string', from: 'object', signal: 'object' },
    'room.updated': { room: 'object' },
    'room.deleted': { roomId: 'string' },
    'call.placed': { call: 'object' },
    'call.incoming': { call: 'object' },
    'call.answered': { call: 'object' },
    'call.responded': { call: 'object' },
    'call.rejected': { call: 'object', reason: 'string' },
    'call.failed': { reason: 'string' },
    'call.ended': { call: 'object', reason: 'string' },
    'call.peer': { call: 'object', state: 'string' },
    'call.moved': { call: 'object', by: 'object', device: 'object' },
    'ice.servers': { callId: 'string', iceServers: 'object' },
    'call.signal': { callId: 'string', signal: 'object' },
    'server.drain': { withinMs: 'number' },
    error: { code: 'string' },
  };

export const SERVER_EVENTS = Object.keys(FIELDS) as readonly ServerEvent[];

/** True when `payload` has the shape that code relies on; events and fields that are newer than this client are no offence. */
export function isServerEvent(event: string, payload: unknown): event is ServerEvent {
  if (!Object.hasOwn(FIELDS, event) || typeof payload !== 'object' || payload === null) return false;
  const given = payload as Record<string, unknown>;
  return Object.entries(FIELDS[event as ServerEvent]).every(
    ([field, type]) => typeof given[field] === type && given[field] !== null,
  );
}

/** What the client asks, by event name, and the fields of the ack. */
export type Command = Exclude<protocol.CommandType, 'session.join'>;
export type Acks = {
  [C in Command]: Plain<protocol.CommandReplies[C]> &
    (C extends 'call.place' | 'call.answer' | 'call.resume' | 'call.take' ? Way : unknown);
};
export const COMMANDS = {
  'chat.send': true,
  'chat.read': true,
  'chat.typing': true,
  'chat.sync': true,
  'chat.history': true,
  'chat.conversations': true,
  'presence.list': true,
  'room.join': true,
  'room.leave': true,
  'room.signal': true,
  'call.place': true,
  'call.answer': true,
  'call.reject': true,
  'call.end': true,
  'call.signal': true,
  'call.resume': true,
  'call.take': true,
  'call.ack': true,
} as const satisfies Record<Command, true>;
