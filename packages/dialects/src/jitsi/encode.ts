import type {
  Call,
  CommandReply,
  Delivery,
  DeliveryOf,
  Message,
  PublicUser,
  UserId,
} from '@switchboard/protocol';
import { otherParty } from '@switchboard/protocol';
import type { z } from 'zod';
import type { EncodeContext, Frame } from '../dialect.ts';
import { frames, given } from '../payload/outbound.ts';
import { type InitiatedCall, type JitsiMessage, jitsiOutbound } from './schema.ts';

const frame = frames(jitsiOutbound);

const END_REASONS = {
  hangup: 'user_ended',
  cancelled: 'user_ended',
  rejected_elsewhere: 'user_ended',
  timeout: 'timeout',
  network_error: 'network_error',
  answered_elsewhere: 'answered_elsewhere',
  moved: 'answered_elsewhere',
} as const;

const FAILURES = {
  user_busy: 'User is busy',
  user_unavailable: 'User is unavailable',
  user_not_found: 'User not found',
} as const;

/** Direct chat, presence one by one, and calls that meet in a Jitsi room; rooms and p2p calls have no words here. */
export function encodeJitsi(delivery: Delivery, context: EncodeContext): readonly Frame[] {
  switch (delivery.type) {
    case 'connected':
      return [frame('connected', { userId: delivery.userId, socketId: delivery.socketId })];
    case 'presence':
      return presence(delivery, context);
    case 'message.created': {
      const message = jitsiMessage(delivery.message);
      return message ? [frame('message', message)] : [];
    }
    case 'message.read':
      return read(delivery);
    case 'typing':
      return typing(delivery);
    case 'call.failed':
      return [failed(delivery)];
    case 'call.placed':
    case 'call.incoming':
    case 'call.answered':
    case 'call.responded':
    case 'call.rejected':
    case 'call.ended':
      return delivery.call.media === 'jitsi' ? callFrames(delivery, context) : [];
    default:
      return [];
  }
}

export function jitsiAckFields(reply: CommandReply, context: EncodeContext): Record<string, unknown> {
  switch (reply.type) {
    case 'session.join':
      return { userId: reply.value.userId };
    case 'chat.send':
      return given('message', jitsiMessage(reply.value.message));
    case 'call.place':
      return { callId: reply.value.call.id, call: initiated(reply.value.call, context) };
    case 'call.answer':
      return { response: 'accept', ...about(reply.value.call, context) };
    case 'call.reject':
      return { response: 'reject', ...about(reply.value.call, context) };
    case 'call.end':
      return given('callId', reply.value.call?.id);
    default:
      return {};
  }
}

/** Undefined for a room's message, which this vocabulary cannot show. */
export function jitsiMessage(message: Message): z.infer<typeof JitsiMessage> | undefined {
  if (message.receiverId === undefined) return undefined;
  return {
    id: message.id,
    senderId: message.sender.id,
    senderName: message.sender.name,
    receiverId: message.receiverId,
    content: message.content,
    timestamp: message.createdAt,
    type: message.contentType,
    readBy: message.readBy,
  };
}

/** The snapshot after connecting has no change in it: then everybody who was there already is announced. */
function presence(
  { online, joined, left, at }: DeliveryOf<'presence'>,
  { to }: EncodeContext,
): readonly Frame[] {
  const snapshot = joined.length === 0 && left.length === 0;
  const arrived = snapshot ? online.filter((user) => user.id !== to) : joined;
  return [
    ...arrived.map(({ id }) => frame('user:online', { userId: id, status: 'online', timestamp: at })),
    ...left.map(({ id }) => frame('user:offline', { userId: id, status: 'offline', timestamp: at })),
  ];
}

function read({ conversationId, messageIds, readerId, at }: DeliveryOf<'message.read'>): readonly Frame[] {
  if (!conversationId.startsWith('d:')) return [];
  return messageIds.map((messageId) =>
    frame('message:read', { messageId, userId: readerId, readBy: [readerId], readAt: at }),
  );
}

function typing({ from, active, roomId }: DeliveryOf<'typing'>): readonly Frame[] {
  if (roomId !== undefined) return [];
  return [
    active
      ? frame('typing:start', { from: from.id, fromName: from.name })
      : frame('typing:stop', { from: from.id }),
  ];
}

type CallDelivery = DeliveryOf<
  'call.placed' | 'call.incoming' | 'call.answered' | 'call.responded' | 'call.rejected' | 'call.ended'
>;

function callFrames(delivery: CallDelivery, context: EncodeContext): readonly Frame[] {
  const { call } = delivery;
  switch (delivery.type) {
    case 'call.placed':
      return [frame('call:initiated', initiated(call, context))];
    case 'call.incoming':
      return [frame('call:incoming', { ...offered(call, context), to: context.to })];
    case 'call.answered':
      return [
        frame('call:accepted', { by: delivery.by.id, ...about(call, context) }),
        response(call, 'accept', delivery.by, context),
      ];
    case 'call.responded':
      return [frame('call:responded', { response: delivery.response, ...about(call, context) })];
    case 'call.rejected':
      return rejected(delivery, context);
    case 'call.ended':
      return [ended(call, END_REASONS[delivery.reason], endedBy(delivery, context.to), context)];
  }
}

function rejected(
  { call, by, reason }: DeliveryOf<'call.rejected'>,
  context: EncodeContext,
): readonly Frame[] {
  const failure = { to: by.id, kind: call.kind, callId: call.id };
  switch (reason) {
    case 'rejected':
      return [
        frame('call:rejected', { by: by.id, ...about(call, context) }),
        response(call, 'reject', by, context),
      ];
    case 'busy':
      return [failed({ ...failure, reason: 'user_busy' }), response(call, 'busy', by, context)];
    case 'unavailable':
      return [failed({ ...failure, reason: 'user_unavailable' })];
    case 'timeout':
      return [ended(call, 'timeout', by.id, context)];
  }
}

function failed({ reason, kind, callId }: Omit<DeliveryOf<'call.failed'>, 'type'>): Frame {
  return frame('call:failed', { message: FAILURES[reason], reason, type: kind, ...given('callId', callId) });
}

function response(
  call: Call,
  word: 'accept' | 'reject' | 'busy',
  from: PublicUser,
  context: EncodeContext,
): Frame {
  return frame('call:response', { response: word, from: from.id, ...about(call, context) });
}

function ended(
  call: Call,
  reason: (typeof END_REASONS)[keyof typeof END_REASONS],
  by: UserId,
  context: EncodeContext,
): Frame {
  return frame('call:ended', { by, reason, duration: talkSeconds(call), ...about(call, context) });
}

/** Nobody acts when the ring time runs out: the one who did not answer is named, as the document wants a `by`. */
function endedBy({ call, by, reason }: DeliveryOf<'call.ended'>, to: UserId): UserId {
  if (by) return by.id;
  return reason === 'timeout' ? otherParty(call, call.caller.id).id : otherParty(call, to).id;
}

function talkSeconds({ answeredAt, endedAt }: Call): number {
  if (answeredAt === undefined || endedAt === undefined) return 0;
  return Math.max(0, Math.round((Date.parse(endedAt) - Date.parse(answeredAt)) / 1000));
}

/** What every update of a call repeats. */
function about(call: Call, context: EncodeContext) {
  const jitsi = context.jitsiRoom(call, context.to);
  return { callId: call.id, type: call.kind, roomName: jitsi.roomName, jitsi };
}

function offered(call: Call, context: EncodeContext) {
  return {
    id: call.id,
    from: call.caller.id,
    fromName: call.caller.name,
    timestamp: call.createdAt,
    ...about(call, context),
  };
}

function initiated(call: Call, context: EncodeContext): z.infer<typeof InitiatedCall> {
  const callee = otherParty(call, call.caller.id);
  return { ...offered(call, context), to: callee.id, toName: callee.name, status: 'ringing' };
}
