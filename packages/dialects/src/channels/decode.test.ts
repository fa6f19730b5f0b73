import { describe, expect, it } from 'vitest';
import { channelsEventOf, channelsInbound } from './decode.ts';

describe('what a frame is called', () => {
  it.each([...channelsInbound.keys()].filter((event) => event !== 'message'))('%s by its type', (type) => {
    expect(channelsEventOf({ type, content: 'not a message' })).toBe(type);
  });

  it.each([
    { content: 'Hello' },
    { content: null },
    { type: 'message', content: 'Hello' },
    { type: 7, content: '' },
  ])('message by its content: %j', (frame) => {
    expect(channelsEventOf(frame)).toBe('message');
  });

  it.each([
    null,
    undefined,
    'webrtc-offer',
    [],
    {},
    { type: 'message' },
    { type: 'webrtc-renegotiate' },
    { type: 'toString' },
    Object.create({ content: 'inherited' }),
  ])('nothing: %j', (frame) => {
    expect(channelsEventOf(frame)).toBeUndefined();
  });
});
