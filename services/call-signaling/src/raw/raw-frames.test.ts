import { LIMITS, RoomId } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import { createOutbound, inboundPacket } from './raw-frames.ts';

const room = RoomId.parse('5');
const arrives = (text: string, isBinary = false): unknown => {
  const packet = inboundPacket(Buffer.from(text), isBinary, room);
  expect(packet[0]).toBe('2');
  return JSON.parse(packet.slice(1));
};

describe('what a raw client sends', () => {
  it('arrives as an event with the frame and the room', () => {
    const offer = { type: 'webrtc-offer', offer: { type: 'offer', sdp: 'v=0\r\n' } };
    expect(arrives(JSON.stringify(offer))).toEqual(['webrtc-offer', offer, '5']);
    expect(arrives(' {"content" : "hi \\"there\\" ]"}\n')).toEqual([
      'message',
      { content: 'hi "there" ]' },
      '5',
    ]);
    const both = { type: 'whatever', content: 'hi' };
    expect(arrives(JSON.stringify(both))).toEqual(['message', both, '5']);
  });

  it.each([
    ['binary', '{"content":"hi"}', true],
    ['oversize', JSON.stringify({ content: 'x'.repeat(LIMITS.frameBytes) }), false],
    ['blank', '', false],
    ['blank', ' \n\t', false],
    ['malformed', '{"content":', false],
    ['malformed', '"content"', false],
    ['malformed', '[{"content":"hi"}]', false],
    ['malformed', 'null', false],
    ['malformed', '7', false],
    ['malformed', '{"content":"a"},"6"],["', false],
    ['malformed', '2["message",{"content":"hi"},"6"]', false],
    ['malformed', '['.repeat(LIMITS.frameBytes), false],
    ['unknown', '{}', false],
    ['unknown', '{"type":"connect"}', false],
    ['unknown', '{"type":"disconnect"}', false],
    ['unknown', '{"type":"room.join","roomId":"6"}', false],
  ])('and is %s is said to be so, whatever it holds', (why, text, isBinary) => {
    expect(arrives(text, isBinary)).toEqual([why]);
  });
});

describe('what Socket.IO sends', () => {
  const packet = (type: number, data?: unknown): string =>
    `${type}${data === undefined ? '' : JSON.stringify(data)}`;

  it('is the first argument of an event, and nothing of its own business', () => {
    const outbound = createOutbound();
    const payload = { id: 1, content: 'say ]"' };
    const sent = outbound(packet(2, ['message', payload, 'more']));
    expect(sent.kind === 'text' && JSON.parse(sent.data.toString())).toEqual(payload);
    expect(outbound(packet(0, { sid: 'x' }))).toEqual({ kind: 'nothing' });
    expect(outbound(packet(2, ['bare']))).toEqual({ kind: 'nothing' });
    expect(outbound(Buffer.from('2["message",{}]'))).toEqual({ kind: 'nothing' });
    expect(outbound(packet(1))).toEqual({ kind: 'disconnect' });
    expect(outbound(packet(4, { message: 'no' }))).toEqual({ kind: 'connect_error' });
  });

  it('is cut once for all the sockets that one packet is handed to', () => {
    const outbound = createOutbound();
    const [one, other] = [packet(2, ['message', { id: 1 }]), packet(2, ['message', { id: 2 }])];
    const first = outbound(one);
    expect(outbound(one)).toBe(first);
    expect(outbound(other)).not.toBe(first);
    expect(outbound(one)).toEqual(first);
  });
});
