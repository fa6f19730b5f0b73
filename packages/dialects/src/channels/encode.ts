import type { Delivery, DeliveryOf, Message, PublicUser, UserId } from '@switchboard/protocol';
import type { z } from 'zod';
import type { Frame } from '../dialect.ts';
import { frames, given } from '../payload/outbound.ts';
import { type ChannelsMessage, type ChannelsUser, channelsOutbound, isRecord } from './schema.ts';

const frame = frames(channelsOutbound);

/** What is said in a room, and the signals of those in it; only `args[0]` goes on the wire. Direct chat, presence and calls have no words here. */
export function encodeChannels(delivery: Delivery): readonly Frame[] {
  switch (delivery.type) {
    case 'message.created': {
      const { message, senderEmail } = delivery;
      return message.roomId === undefined
        ? []
        : [frame('message', channelsMessage(message, senderEmail ?? null))];
    }
    case 'room.signal':
      return [signalFrame(delivery)];
    default:
      return [];
  }
}

function signalFrame({ from, signal }: DeliveryOf<'room.signal'>): Frame {
  const sender_id = integerId(from.id);
  switch (signal.kind) {
    case 'offer':
      return frame('webrtc-offer', {
        type: 'webrtc-offer',
        sender_id,
        offer: described('offer', signal.payload),
        ...sdpOf(signal.payload),
      });
    case 'answer':
      return frame('webrtc-answer', {
        type: 'webrtc-answer',
        sender_id,
        answer: described('answer', signal.payload),
        ...sdpOf(signal.payload),
      });
    case 'candidate':
      return frame('webrtc-ice-candidate', {
        type: 'webrtc-ice-candidate',
        sender_id,
        candidate: signal.payload,
      });
    case 'hangup':
      return frame('webrtc-hangup', { type: 'webrtc-hangup', sender_id });
  }
}

/** Clients hand the field to their browser as it is, which wants an object; other vocabularies also send the bare text. */
function described(type: 'offer' | 'answer', payload: unknown): unknown {
  return isSdp(payload) ? { type, sdp: payload } : payload;
}

function sdpOf(payload: unknown): { sdp?: string } {
  if (isSdp(payload)) return { sdp: payload };
  return given('sdp', isRecord(payload) && typeof payload.sdp === 'string' ? payload.sdp : undefined);
}

/** Every session description begins with its version (RFC 8866, 5.1). */
function isSdp(payload: unknown): payload is string {
  return typeof payload === 'string' && payload.startsWith('v=');
}

export function integerId(id: UserId): number {
  return Number(id);
}

/** Without an address: blank, as a text field of the framework that this vocabulary comes from has it. */
export function channelsUser({ id, name }: PublicUser, email: string | null): z.infer<typeof ChannelsUser> {
  return { id: integerId(id), email: email ?? '', name };
}

export function channelsMessage(
  { seq, sender, content, createdAt }: Message,
  senderEmail: string | null,
): z.infer<typeof ChannelsMessage> {
  return { id: seq, user: channelsUser(sender, senderEmail), content, created_at: createdAt };
}
