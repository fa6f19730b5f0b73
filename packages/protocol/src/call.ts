import { z } from 'zod';
import { CallId, DeviceId, RoomId, UserId } from './ids.ts';
import { PublicUser } from './user.ts';

export const CallKind = z.enum(['voice', 'video']);
export type CallKind = z.infer<typeof CallKind>;

/** p2p: WebRTC between the two devices, we relay signals. jitsi: both join a Jitsi room, we only ring. */
export const CallMedia = z.enum(['p2p', 'jitsi']);
export type CallMedia = z.infer<typeof CallMedia>;

/** offer-first: the SDP offer travels with the ring. accept-first: offer and answer follow the accept. */
export const Negotiation = z.enum(['offer-first', 'accept-first']);
export type Negotiation = z.infer<typeof Negotiation>;

/**
 * The vocabularies. `expo-lower` is expo with lower-case event names: to everything that addresses sockets a vocabulary of its own, so that a
 * device anywhere, in presence or in a call, is answered in the case it speaks. No route is worded in it.
 */
export const DialectName = z.enum(['peer', 'rooms', 'jitsi', 'expo', 'expo-lower', 'channels', 'native']);
export type DialectName = z.infer<typeof DialectName>;

export const CallPhase = z.enum(['ringing', 'active', 'ended']);
export type CallPhase = z.infer<typeof CallPhase>;

/**
 * Why a call is over.
 * hangup: a party ended an answered call. cancelled: the caller gave up while it rang. rejected, busy: the callee said so.
 * missed: nobody answered within the ring time. unavailable: no device of a callee could be rung.
 * network_error: a party stayed away longer than the reconnect grace. banned: a party's account was closed.
 */
export const CallEndReason = z.enum([
  'hangup',
  'cancelled',
  'rejected',
  'busy',
  'missed',
  'unavailable',
  'network_error',
  'banned',
]);
export type CallEndReason = z.infer<typeof CallEndReason>;

/** A device in a call, as far as delivery must know it. */
export const CallDevice = z.object({ deviceId: DeviceId, dialect: DialectName });
export type CallDevice = z.infer<typeof CallDevice>;

/** A call as events and deliveries show it: never with descriptions or candidates. Times are ISO 8601, UTC. */
export const Call = z.object({
  id: CallId,
  kind: CallKind,
  media: CallMedia,
  phase: CallPhase,
  caller: PublicUser,
  callerDevice: CallDevice,
  /** Everybody rung; one user, or a room's other members. */
  callees: z.array(PublicUser).min(1),
  answeredBy: UserId.optional(),
  answerDevice: CallDevice.optional(),
  roomId: RoomId.optional(),
  createdAt: z.iso.datetime(),
  answeredAt: z.iso.datetime().optional(),
  endedAt: z.iso.datetime().optional(),
  endReason: CallEndReason.optional(),
  endedBy: UserId.optional(),
});
export type Call = z.infer<typeof Call>;

/** One piece of WebRTC negotiation, opaque to us: bounded, relayed verbatim, never logged or stored durably. */
export const Signal = z.object({
  kind: z.enum(['offer', 'answer', 'candidate']),
  payload: z.unknown(),
});
export type Signal = z.infer<typeof Signal>;

/** How a client names a call: by id, by the other party or a socket of theirs, or "the one I am in". */
export const CallRef = z.discriminatedUnion('by', [
  z.object({ by: z.literal('id'), callId: CallId }),
  z.object({ by: z.literal('user'), userId: UserId }),
  /** One who shares a room with the sender. */
  z.object({ by: z.literal('socket'), socketId: z.string().min(1).max(64) }),
  z.object({ by: z.literal('current') }),
]);
export type CallRef = z.infer<typeof CallRef>;

/** The other party of `userId` in a call; the first callee while nobody has answered. */
export function otherParty(call: Call, userId: UserId): PublicUser {
  if (call.caller.id !== userId) return call.caller;
  const answered = call.callees.find((callee) => callee.id === call.answeredBy);
  const other = answered ?? call.callees[0];
  if (!other) throw new RangeError('a call has at least one callee');
  return other;
}
