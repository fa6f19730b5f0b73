import type { Call, CommandReply, Delivery } from '@switchboard/protocol';
import type { EncodeContext, Frame } from '../dialect.ts';
import { frames } from '../payload/outbound.ts';
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
      return [{ event: type, args: [{ ...payload, ...room(delivery.call, context) }] }];
    }
    case 'call.signal': {
      const { type, accepts: _, ...payload } = delivery;
      return [{ event: type, args: [payload] }];
    }
    case 'call.placed':
    case 'call.incoming':
    case 'call.responded': {
      const { type, ...payload } = delivery;
      return [{ event: type, args: [{ ...payload, ...room(delivery.call, context) }] }];
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
      return { ...reply.value, ...(reply.value.call ? room(reply.value.call, context) : {}) };
    default:
      return { ...reply.value };
  }
}

function room(call: Call, context: EncodeContext) {
  return call.media === 'jitsi' ? { jitsi: context.jitsiRoom(call, context.to) } : {};
}
