import type { CallId, CommandReply, Delivery, DeliveryOf, PublicUser, UserId } from '@switchboard/protocol';
import { otherParty } from '@switchboard/protocol';
import type { EncodeContext, Frame } from '../dialect.ts';
import { isElsewhere } from '../payload/elsewhere.ts';
import { frames, given } from '../payload/outbound.ts';
import { peerOutbound } from './schema.ts';

const frame = frames(peerOutbound);

/** No chat, no acknowledgement to the acting side: what this vocabulary has no word for is no frame. */
export function encodePeer(delivery: Delivery, context: EncodeContext): readonly Frame[] {
  switch (delivery.type) {
    case 'presence':
      return [
        ...delivery.left.map((user) => frame('userDisconnected', { userId: user.id })),
        frame('users', userList(delivery.online)),
      ];
    case 'call.incoming':
      return incoming(delivery);
    case 'call.answered':
      // An accept-first callee answers later, by a signal; a jitsi call has no answer at all.
      return delivery.answer === undefined ? [] : answered(delivery.by.id, delivery.answer);
    case 'call.rejected':
      return delivery.call.media === 'p2p' ? [rejected(delivery.by.id, delivery.reason)] : [];
    case 'call.failed':
      return [rejected(delivery.to, delivery.reason === 'user_busy' ? 'busy' : 'unavailable')];
    case 'call.ended':
      return ended(delivery, context);
    case 'call.signal':
      return signal(delivery);
    default:
      return [];
  }
}

export function peerAckFields(reply: CommandReply): Record<string, unknown> {
  switch (reply.type) {
    case 'call.place':
    case 'call.answer':
    case 'call.reject':
    case 'call.end':
      return given('callId', reply.value.call?.id);
    default:
      return {};
  }
}

function userList(online: readonly PublicUser[]) {
  const byId = new Map(online.map(({ id, username }) => [id, { id, username }]));
  return [...byId.values()];
}

/** A call without an offer cannot be put into these words: such a device is not rung. */
function incoming({ call, offer }: DeliveryOf<'call.incoming'>): readonly Frame[] {
  if (call.media !== 'p2p' || offer === undefined) return [];
  return [incomingCall(call.caller, offer, call.id, call.kind)];
}

function incomingCall(
  from: PublicUser,
  signalData: unknown,
  callId: CallId,
  callType?: 'voice' | 'video',
): Frame {
  return frame('incomingCall', {
    from: from.id,
    username: from.username,
    signalData,
    callId,
    ...given('callType', callType),
  });
}

/** Clients of this vocabulary listen to one name or the other. */
function answered(from: UserId, signalData: unknown): readonly Frame[] {
  return [frame('callAccepted', { from, signalData }), frame('callAnswered', { from, signalData })];
}

function rejected(from: UserId, reason: DeliveryOf<'call.rejected'>['reason']): Frame {
  return frame('callRejected', { from, ...given('reason', reason === 'rejected' ? undefined : reason) });
}

function ended({ call, by, reason }: DeliveryOf<'call.ended'>, { to }: EncodeContext): readonly Frame[] {
  if (call.media !== 'p2p') return [];
  // `by` is the recipient, too, when another device of theirs took the call; this one must still stop ringing.
  if (by?.id === to && !isElsewhere(reason)) return [];
  return [frame('callEnded', { from: otherParty(call, to).id })];
}

function signal({ callId, from, signal: { kind, payload } }: DeliveryOf<'call.signal'>): readonly Frame[] {
  switch (kind) {
    case 'offer':
      return [incomingCall(from, payload, callId)];
    case 'answer':
      return answered(from.id, payload);
    case 'candidate':
      return [frame('iceCandidate', { from: from.id, candidate: payload })];
  }
}
