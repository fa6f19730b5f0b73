import { channelsEventOf } from '@switchboard/dialects';
import { LIMITS, type RoomId } from '@switchboard/protocol';

/** A frame that means nothing, under a name that no vocabulary has, so that it is charged, counted and logged like any other unknown event. */
export type DroppedFrame = 'binary' | 'oversize' | 'blank' | 'malformed' | 'unknown';

/**
 * What a raw client sent as the Socket.IO packet it would be: `[event, frame, room]`. The text goes into it as it is, being JSON.
 */
export function inboundPacket(data: Buffer, isBinary: boolean, room: RoomId): string {
  if (isBinary) return dropped('binary');
  if (data.byteLength > LIMITS.frameBytes) return dropped('oversize');
  const text = data.toString();
  if (text.trim() === '') return dropped('blank');
  const frame = parsed(text);
  if (frame === undefined) return dropped('malformed');
  const event = channelsEventOf(frame);
  return event === undefined ? dropped('unknown') : `2[${JSON.stringify(event)},${text},"${room}"]`;
}

function dropped(why: DroppedFrame): string {
  return `2["${why}"]`;
}

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What a Socket.IO packet is on a raw socket. */
export type OutboundFrame =
  | { readonly kind: 'text'; readonly data: Buffer }
  /** The server is done with the socket, or would not connect it. */
  | { readonly kind: 'disconnect' | 'connect_error' }
  /** Socket.IO's own business. */
  | { readonly kind: 'nothing' };

const NOTHING: OutboundFrame = { kind: 'nothing' };

/**
 * Strips packets to what goes on the wire: of an event its first argument alone. A broadcast hands the same packet to each socket in turn,
 * so the last one is kept: one room's message is cut and encoded once, however many hear it.
 */
export function createOutbound(): (packet: unknown) => OutboundFrame {
  let last: unknown;
  let cut: OutboundFrame = NOTHING;
  return (packet) => {
    if (packet === last) return cut;
    last = packet;
    cut = outboundFrame(packet);
    return cut;
  };
}

function outboundFrame(packet: unknown): OutboundFrame {
  if (typeof packet !== 'string') return NOTHING;
  if (packet.startsWith('1')) return { kind: 'disconnect' };
  if (packet.startsWith('4')) return { kind: 'connect_error' };
  if (!packet.startsWith('2[')) return NOTHING;
  const [, payload] = JSON.parse(packet.slice(1)) as readonly unknown[];
  return payload === undefined ? NOTHING : { kind: 'text', data: Buffer.from(JSON.stringify(payload)) };
}
