import { dialects, nativeAcks } from '@switchboard/dialects';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import { outbound } from '../../dialects/src/native/fixtures/outbound.ts';
import { type Acks, type Call, COMMANDS, isServerEvent, type Message, SERVER_EVENTS } from './wire.ts';

const native = dialects.get('native');
if (!native) throw new Error('no native vocabulary');

describe('the client and the native vocabulary', () => {
  it('know the same events', () => {
    expect([...SERVER_EVENTS].sort()).toEqual([...native.outbound.keys()].sort());
  });

  it('know the same commands; a token is always in the handshake', () => {
    expect([...Object.keys(COMMANDS), 'session.join'].sort()).toEqual([...native.inbound.keys()].sort());
  });

  it('agree on every recorded frame', () => {
    const frames = outbound.flatMap((fixture) => fixture.frames);
    expect(frames.length).toBeGreaterThan(20);
    for (const { event, args } of frames)
      expect([event, isServerEvent(event, args[0])]).toEqual([event, true]);
  });

  it('drop what has not the shape of its event', () => {
    for (const event of SERVER_EVENTS) {
      for (const payload of [undefined, null, 'text', 7, {}, { call: null, message: null }]) {
        expect(isServerEvent(event, payload)).toBe(false);
      }
    }
    expect(isServerEvent('toString', {})).toBe(false);
  });

  it('agree on acks', () => {
    type Served<C extends keyof typeof nativeAcks> = z.infer<(typeof nativeAcks)[C]>;
    expectTypeOf<Served<'chat.send'>>().toExtend<Acks['chat.send']>();
    expectTypeOf<Served<'chat.sync'>>().toExtend<Acks['chat.sync']>();
    expectTypeOf<Served<'chat.conversations'>>().toExtend<Acks['chat.conversations']>();
    expectTypeOf<Served<'room.join'>>().toExtend<Acks['room.join']>();
    expectTypeOf<Served<'call.end'>>().toExtend<Acks['call.end']>();
    expect(
      Object.keys(nativeAcks)
        .filter((ack) => ack !== 'session.join')
        .sort(),
    ).toEqual(Object.keys(COMMANDS).sort());
  });

  it('ids are plain strings to an application, and words stay words', () => {
    expectTypeOf<Message['readBy']>().toEqualTypeOf<string[]>();
    expectTypeOf<Message['id']>().toEqualTypeOf<string>();
    expectTypeOf<Message['contentType']>().toEqualTypeOf<'text' | 'image' | 'file'>();
    expectTypeOf<Call['phase']>().toEqualTypeOf<'ringing' | 'active' | 'ended'>();
    expectTypeOf<Call['callees'][number]['id']>().toEqualTypeOf<string>();
  });
});
