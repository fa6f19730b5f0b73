import type { CallKind, CommandReply, Delivery, DeliveryOf, Message, UserId } from '@switchboard/protocol';
import { otherParty } from '@switchboard/protocol';
import type { z } from 'zod';
import type { EncodeContext, Frame } from '../dialect.ts';
import { isElsewhere, withoutMoves } from '../payload/elsewhere.ts';
import { frames, given } from '../payload/outbound.ts';
import { type ExpoCallType, type ExpoMessage, expoOutbound } from './schema.ts';

const frame = frames(expoOutbound);

/** Direct chat and p2p calls; presence, rooms and calls in a Jitsi room have no words here. */
export function encodeExpo(delivery: Delivery, context: EncodeContext): readonly Frame[] {
  switch (delivery.type) {
    case 'message.created': {
      const message = expoMessage(delivery.message, context.to);
      return message ? [frame('CHAT_MESSAGE', message)] : [];
    }
    case 'message.delivered':
      return isDirect(delivery) ? [frame('chat delivered', { _id: delivery.messageId })] : [];
    case 'message.read':
      return isDirect(delivery) ? read(delivery) : [];
    case 'typing': {
      if (delivery.roomId !== undefined) return [];
      return [frame(delivery.active ? 'CHAT_TYPING' : 'CHAT_STOP_TYPING', { from: delivery.from.id })];
    }
    case 'call.failed':
      return [failed(delivery)];
    case 'call.signal':
      return [signal(delivery)];
    case 'call.incoming':
    case 'call.answered':
    case 'call.rejected':
    case 'call.ended':
      return delivery.call.media === 'p2p' ? callFrames(delivery, context) : [];
    default:
      return [];
  }
}

/** The ack to a placed call is the early one: it comes while it rings and is how a caller learns the id. */
export function expoAckFields(reply: CommandReply, context: EncodeContext): Record<string, unknown> {
  switch (reply.type) {
    case 'chat.send':
      return {
        _id: reply.value.message.id,
        ...given('message', expoMessage(reply.value.message)),
      };
    case 'call.place':
      return { callId: reply.value.call.id, to: otherParty(reply.value.call, context.to).id };
    case 'call.answer':
    case 'call.reject':
    case 'call.end':
      return given('callId', reply.value.call?.id);
    default:
      return {};
  }
}

/**
 * Undefined for a room's message, which this vocabulary cannot show. `sentTo`: whose device is being sent it; the receiver's has it delivered by that.
 */
export function expoMessage(message: Message, sentTo?: UserId): z.infer<typeof ExpoMessage> | undefined {
  const { id, sender, receiverId, content, createdAt } = message;
  if (receiverId === undefined) return undefined;
  const delivered = message.deliveredAt !== undefined || isRead(message) || sentTo === receiverId;
  return { _id: id, sender: sender.id, receiver: receiverId, content, delivered, createdAt };
}

export function isRead({ receiverId, readBy }: Message): boolean {
  return receiverId !== undefined && readBy.includes(receiverId);
}

export function expoCallType(kind: CallKind): z.infer<typeof ExpoCallType> {
  return kind === 'voice' ? 'audio' : kind;
}

function isDirect({ conversationId }: { conversationId: string }): boolean {
  return conversationId.startsWith('d:');
}

function read({ messageIds, readerId, at }: DeliveryOf<'message.read'>): readonly Frame[] {
  return messageIds.map((messageId) =>
    frame('MESSAGE_READ', { messageId, from: readerId, readBy: [readerId], readAt: at }),
  );
}

type CallDelivery = DeliveryOf<'call.incoming' | 'call.answered' | 'call.rejected' | 'call.ended'>;

function callFrames(delivery: CallDelivery, context: EncodeContext): readonly Frame[] {
  const { call } = delivery;
  const callId = call.id;
  switch (delivery.type) {
    case 'call.incoming':
      return [
        frame('CALL_REQUEST', {
          callId,
          from: call.caller.id,
          fromName: call.caller.name,
          type: expoCallType(call.kind),
          ...given('offer', delivery.offer),
        }),
      ];
    case 'call.answered':
      // Who sent an offer reads the answer from the accept: it is told when there is one.
      if (delivery.answerFollows) return [];
      return [frame('CALL_ACCEPT', { callId, from: delivery.by.id, ...given('answer', delivery.answer) })];
    case 'call.rejected':
      return [rejected(delivery)];
    case 'call.ended':
      return ended(delivery, context);
  }
}

function rejected({ call, by, reason }: DeliveryOf<'call.rejected'>): Frame {
  const callId = call.id;
  switch (reason) {
    case 'busy':
      return frame('CALL_BUSY', { to: by.id, callId });
    case 'timeout':
      return frame('CALL_TIMEOUT', { callId });
    case 'unavailable':
      return frame('CALL_REJECT', { callId, from: by.id, reason });
    case 'rejected':
      return frame('CALL_REJECT', { callId, from: by.id });
  }
}

function failed({ to, callId, reason }: DeliveryOf<'call.failed'>): Frame {
  if (reason === 'user_busy') return frame('CALL_BUSY', { to, ...given('callId', callId) });
  return frame('CALL_REJECT', { ...given('callId', callId), from: to, reason: 'unavailable' });
}

function ended({ call, by, reason }: DeliveryOf<'call.ended'>, { to }: EncodeContext): readonly Frame[] {
  if (reason === 'timeout') return [frame('CALL_TIMEOUT', { callId: call.id })];
  // `by` is the recipient, too, when another device of theirs took the call; this one must still stop ringing.
  if (by?.id === to && !isElsewhere(reason)) return [];
  return [
    frame('CALL_ENDED', { callId: call.id, from: otherParty(call, to).id, reason: withoutMoves(reason) }),
  ];
}

function signal({ callId, from, signal: { kind, payload }, accepts }: DeliveryOf<'call.signal'>): Frame {
  if (accepts) return frame('CALL_ACCEPT', { callId, from: from.id, answer: payload });
  return frame('ICE_CANDIDATE', { callId, from: from.id, [kind]: payload });
}
