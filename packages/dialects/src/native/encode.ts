import type { Call, CommandReply, Delivery } from '@switchboard/protocol';
import type { EncodeContext, Frame } from '../dialect.ts';
import { frames, given } from '../payload/outbound.ts';
import { nativeOutbound } from './schema.ts';

const frame = frames(nativeOutbound);

/**
 * A delivery is its own event: the name is its type, the payload the rest. `connected` is the exception, for the
 * name belongs to another vocabulary.
 */
export function encodeNative(delivery: Delivery, context: EncodeContext): readonly Frame[] {
  switch (delivery.type) {
    case 'connected': {
      const { type: _, ...payload } = delivery;
      return [frame('session.connected', payload)];
    }
    case 'message.created':
      return [frame('message.created', { message: delivery.message })];
    case 'call.answered': {
      const { type, answerFollows: _, ...payload } = delivery;
      return [{ event: type, args: [{ ...payload, ...way(delivery.call, context) }] }];
    }
    case 'call.signal': {
      const { type, accepts: _, ...payload } = delivery;
      return [{ event: type, args: [payload] }];
    }
    case 'call.placed':
    case 'call.incoming':
    case 'call.responded': {
      const { type, ...payload } = delivery;
      return [{ event: type, args: [{ ...payload, ...way(delivery.call, context) }] }];
    }
    case 'ice.servers': {
      const { callId, servers } = delivery;
      return [frame('ice.servers', { callId, ...servers })];
    }
    default: {
      const { type, ...payload } = delivery;
      return [{ event: type, args: [payload] }];
    }
  }
}

/** The whole reply. */
export function nativeAckFields(reply: CommandReply, context: EncodeContext): Record<string, unknown> {
  switch (reply.type) {
    case 'call.place':
    case 'call.answer':
    case 'call.resume':
    case 'call.take':
      return { ...reply.value, ...(reply.value.call ? way(reply.value.call, context) : {}) };
    default:
      return { ...reply.value };
  }
}

/** Where the call's media go: the room to meet in, or the servers by which peers find each other. */
function way(call: Call, context: EncodeContext) {
  if (call.media === 'jitsi') return { jitsi: context.jitsiRoom(call, context.to) };
  if (call.phase === 'ended') return {};
  const { iceServers, expiresAt } = context.iceServers(context.to);
  return { iceServers, ...given('iceExpiresAt', expiresAt) };
}
