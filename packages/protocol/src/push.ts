import { z } from 'zod';
import { type CallEndReason, CallKind, CallMedia, DialectName } from './call.ts';
import { ContentType } from './chat.ts';
import { CallId, ConversationId, MessageId, PushDeviceId, RoomId, SessionId, UserId } from './ids.ts';
import { PublicUser } from './user.ts';

/** expo: a token of Expo's push service. web-push: a subscription of a browser. webhook: a URL of an app's own push gateway. */
export const PushKind = z.enum(['expo', 'web-push', 'webhook']);
export type PushKind = z.infer<typeof PushKind>;

export const Platform = z.enum(['ios', 'android', 'web', 'other']);
export type Platform = z.infer<typeof Platform>;

/** A push target as its owner sees it: never with its token, keys or URL. Gone with the session that registered it. */
export const PushDevice = z.object({
  id: PushDeviceId,
  kind: PushKind,
  platform: Platform,
  /** The vocabulary that the app speaks once a push has woken it. */
  dialect: DialectName,
  name: z.string().optional(),
  appVersion: z.string().optional(),
  sessionId: SessionId,
  createdAt: z.iso.datetime(),
  /** When it last registered or took a push. */
  lastSeenAt: z.iso.datetime(),
});
export type PushDevice = z.infer<typeof PushDevice>;

/**
 * What a push says. One about a call replaces the one before it about the same call, one about a conversation the one before it of the same conversation:
 * a device shows at most one of each. `badge`: everything unread of the user, for the app's icon.
 */
export const PushContent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('call.incoming'),
    callId: CallId,
    kind: CallKind,
    media: CallMedia,
    from: PublicUser,
    roomId: RoomId.optional(),
    /** The ring ends then, whether or not anything else is heard. */
    expiresAt: z.iso.datetime(),
  }),
  /** Stop ringing; nothing to show. */
  z.object({
    type: z.literal('call.cancelled'),
    callId: CallId,
    reason: z.enum(['answered_elsewhere', 'rejected_elsewhere', 'cancelled', 'ended']),
  }),
  /** Stop ringing, and show that somebody called. */
  z.object({
    type: z.literal('call.missed'),
    callId: CallId,
    kind: CallKind,
    from: PublicUser,
    roomId: RoomId.optional(),
    /** When it began to ring. */
    at: z.iso.datetime(),
    badge: z.number().int().nonnegative().optional(),
  }),
  z.object({
    type: z.literal('message'),
    conversationId: ConversationId,
    roomId: RoomId.optional(),
    messageId: MessageId,
    seq: z.number().int().positive(),
    from: PublicUser,
    contentType: ContentType,
    /** The text, cut to 200 characters; absent when the user wants no previews. */
    preview: z.string().optional(),
    /** Unread in this conversation. */
    unread: z.number().int().nonnegative(),
    badge: z.number().int().nonnegative(),
  }),
  /** Read on another device: take the notification of the conversation away. Silent. */
  z.object({
    type: z.literal('conversation.read'),
    conversationId: ConversationId,
    upToSeq: z.number().int().nonnegative(),
    badge: z.number().int().nonnegative(),
  }),
]);
export type PushContent = z.infer<typeof PushContent>;
export type PushContentOf<T extends PushContent['type']> = Extract<PushContent, { type: T }>;

/** A push target in events: which it is, not where. */
export const PushTarget = z.object({ id: PushDeviceId, kind: PushKind, sessionId: SessionId });
export type PushTarget = z.infer<typeof PushTarget>;

/**
 * What became of a push about a call.
 * sent: its service took it. delivered: its service says that the device has it. failed: given up, `detail` says why. dropped: not sent, for it was no longer true or no longer wanted.
 */
export const PushStep = z.enum(['sent', 'delivered', 'failed', 'dropped']);
export type PushStep = z.infer<typeof PushStep>;

/** Summary of getStats of one side of a call, over the whole call. */
export const CallQuality = z.object({
  /** Mean, milliseconds. */
  roundTripMs: z.number().min(0).max(60_000).optional(),
  /** Mean, milliseconds. */
  jitterMs: z.number().min(0).max(60_000).optional(),
  /** Share of packets of the other side that did not arrive, 0 to 1. */
  loss: z.number().min(0).max(1).optional(),
  /** Whether the selected pair of candidates goes through a TURN server. */
  path: z.enum(['direct', 'relay']).optional(),
  /** From the accept to the first media, milliseconds. */
  setupMs: z.number().min(0).max(600_000).optional(),
  /** What was negotiated, as MIME types, such as `audio/opus`. */
  codecs: z.array(z.string().max(64)).max(16).optional(),
});
export type CallQuality = z.infer<typeof CallQuality>;

/** Why a ring that a push began is over, as the end of its call tells. */
export function cancelReason(
  reason: CallEndReason,
): Extract<PushContentOf<'call.cancelled'>['reason'], 'cancelled' | 'ended'> {
  return reason === 'cancelled' ? 'cancelled' : 'ended';
}

/** Whose live sockets a service asks for: by user, the sessions that they belong to. */
export const LiveSessions = z.object({ userId: UserId, sessions: z.array(SessionId) });
export type LiveSessions = z.infer<typeof LiveSessions>;
