import type {
  CallKind,
  CommandReply,
  Delivery,
  DeliveryOf,
  Message,
  Participant,
  PublicUser,
  Room,
  Signal,
  UserId,
} from '@switchboard/protocol';
import { otherParty } from '@switchboard/protocol';
import type { z } from 'zod';
import type { EncodeContext, Frame } from '../dialect.ts';
import { isElsewhere, withoutMoves } from '../payload/elsewhere.ts';
import { frames, given } from '../payload/outbound.ts';
import { bodyFields } from './body.ts';
import {
  type RoomsCallType,
  type RoomsMessage,
  type RoomsParticipant,
  type RoomsRoom,
  roomsOutbound,
} from './schema.ts';

const frame = frames(roomsOutbound);

/** Rooms, what is signalled in them, and p2p calls; direct chat, presence beyond a room and calls in a Jitsi room have no words here. */
export function encodeRooms(delivery: Delivery, context: EncodeContext): readonly Frame[] {
  switch (delivery.type) {
    case 'message.created': {
      const message = roomsMessage(delivery.message);
      return message ? [frame('new-message', message)] : [];
    }
    case 'room.participants':
      return [frame('room-participants', delivery.participants.map(roomsParticipant))];
    case 'room.joined':
      return [frame('user-joined', cameOrWent(delivery))];
    case 'room.left':
      return [frame('user-left', cameOrWent(delivery))];
    case 'room.deleted':
      return [frame('room-participants', [])];
    case 'room.signal':
      return [roomSignal(delivery)];
    case 'call.signal':
      return [signal(delivery, delivery.signal)];
    case 'call.failed':
      return [failed(delivery)];
    case 'call.incoming':
    case 'call.answered':
    case 'call.rejected':
    case 'call.ended':
      return delivery.call.media === 'p2p' ? callFrames(delivery, context) : [];
    default:
      return [];
  }
}

/** Undefined for a direct message, which this vocabulary cannot show. */
export function roomsMessage(message: Message): z.infer<typeof RoomsMessage> | undefined {
  const { id, roomId, sender, content, createdAt } = message;
  if (roomId === undefined) return undefined;
  return {
    _id: id,
    id,
    room: roomId,
    roomId,
    sender: sender.id,
    senderId: sender.id,
    senderName: sender.name,
    username: sender.username,
    content,
    message: content,
    text: content,
    timestamp: createdAt,
    createdAt,
  };
}

export function roomsParticipant({
  id,
  socketId,
  username,
  name,
}: Participant): z.infer<typeof RoomsParticipant> {
  return { userId: id, id, _id: id, socketId, username, name };
}

export function roomsRoom(
  { id, name, description, creator, createdAt }: Room,
  participants: readonly Participant[],
): z.infer<typeof RoomsRoom> {
  return {
    _id: id,
    id,
    name,
    description,
    createdBy: creator.id,
    participants: participants.map((participant) => participant.id),
    createdAt,
  };
}

export function roomsCallType(kind: CallKind): z.infer<typeof RoomsCallType> {
  return kind === 'voice' ? 'audio' : kind;
}

function cameOrWent({ roomId, participant }: DeliveryOf<'room.joined' | 'room.left'>) {
  return { ...roomsParticipant(participant), roomId };
}

function roomSignal({ from, roomId, socketId, signal: sent }: DeliveryOf<'room.signal'>): Frame {
  if (sent.kind === 'hangup') {
    return frame('call-ended', { ...who(from.id), roomId, reason: 'hangup' });
  }
  return signal({ from, roomId, socketId }, sent);
}

type Sent = Pick<DeliveryOf<'call.signal'>, 'from' | 'roomId' | 'socketId'> &
  Partial<Pick<DeliveryOf<'call.signal'>, 'callId'>>;

/** Clients call the sender by one name or another, and answer to it. */
function signal({ from, callId, roomId, socketId }: Sent, { kind, payload }: Signal): Frame {
  const { id, username } = from;
  const body = bodyFields(kind, payload);
  return {
    event: kind === 'candidate' ? 'webrtc-ice-candidate' : `webrtc-${kind}`,
    args: [
      {
        from: id,
        fromUserId: id,
        senderId: id,
        callerId: id,
        userId: id,
        ...given('fromSocketId', socketId),
        ...given('senderSocketId', socketId),
        username,
        ...given('roomId', roomId),
        ...given('callId', callId),
        ...body,
      },
    ],
  };
}

type CallDelivery = DeliveryOf<'call.incoming' | 'call.answered' | 'call.rejected' | 'call.ended'>;

function callFrames(delivery: CallDelivery, { to }: EncodeContext): readonly Frame[] {
  const { call } = delivery;
  const about = { callId: call.id, ...given('roomId', call.roomId) };
  switch (delivery.type) {
    case 'call.incoming':
      return [incoming(delivery)];
    case 'call.answered':
      return [
        frame('call-accepted', { ...about, ...who(delivery.by.id), ...given('answer', delivery.answer) }),
      ];
    case 'call.rejected': {
      const { by, reason } = delivery;
      // "Ring timeout: call-ended {reason: timeout} to both."
      if (reason === 'timeout') return [frame('call-ended', { ...about, ...who(by.id), reason })];
      return [frame('call-rejected', { ...about, ...who(by.id), reason })];
    }
    case 'call.ended': {
      const { by, reason } = delivery;
      // `by` is the recipient, too, when another device of theirs took the call; this one must still stop ringing.
      if (by?.id === to && !isElsewhere(reason)) return [];
      const other = otherParty(call, to).id;
      return [frame('call-ended', { ...about, ...who(other, by), reason: withoutMoves(reason) })];
    }
  }
}

function incoming({ call, offer }: DeliveryOf<'call.incoming'>): Frame {
  const { caller, kind, roomId } = call;
  const callType = roomsCallType(kind);
  return frame('incoming-call', {
    callId: call.id,
    from: caller.id,
    fromUserId: caller.id,
    callerId: caller.id,
    fromName: caller.name,
    callerName: caller.name,
    username: caller.username,
    callType,
    type: callType,
    isVideo: kind === 'video',
    ...given('roomId', roomId),
    ...given('offer', offer),
  });
}

function failed({ to, callId, reason }: DeliveryOf<'call.failed'>): Frame {
  return frame('call-rejected', {
    ...given('callId', callId),
    ...who(to),
    reason: reason === 'user_busy' ? 'busy' : 'unavailable',
  });
}

/** `from`: whom the news concerns, always the other party. `by`: who made it so. */
function who(from: UserId, by?: PublicUser) {
  return { from, by: by?.id ?? from, userId: from };
}

/** What clients need of a reply: the room and who is in it, the stored message, the call. */
export function roomsAckFields(reply: CommandReply): Record<string, unknown> {
  switch (reply.type) {
    case 'room.join': {
      const { room, participants } = reply.value;
      return {
        roomId: room.id,
        room: roomsRoom(room, participants),
        participants: participants.map(roomsParticipant),
      };
    }
    case 'chat.send': {
      const message = roomsMessage(reply.value.message);
      return { _id: reply.value.message.id, id: reply.value.message.id, ...given('message', message) };
    }
    case 'room.signal':
    case 'call.signal':
      return { relayed: reply.value.relayed };
    case 'call.place':
    case 'call.answer':
    case 'call.reject':
    case 'call.end':
      return { ...given('callId', reply.value.call?.id), ...given('roomId', reply.value.call?.roomId) };
    default:
      return {};
  }
}
