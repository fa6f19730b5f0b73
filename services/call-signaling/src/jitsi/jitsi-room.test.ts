import { createHmac, randomUUID } from 'node:crypto';
import { type Call, CallId, UserId } from '@switchboard/protocol';
import { createTokenKey } from '@switchboard/service-kit';
import { describe, expect, it } from 'vitest';
import { createJitsiRoom } from './jitsi-room.ts';

const SECRET = 'a-secret-of-the-jitsi-operator-01';
const now = Date.UTC(2026, 0, 1);
const clock = { now: () => now, after: () => ({ [Symbol.dispose]() {} }) };
const callId = CallId.parse(randomUUID());
const [alice, bob, eve] = ['1', '2', '3'].map((id) => UserId.parse(id)) as [UserId, UserId, UserId];
const call = (kind: Call['kind']): Call =>
  ({
    id: callId,
    kind,
    caller: { id: alice, username: 'alice', name: 'Alice Johnson' },
    callees: [{ id: bob, username: 'bob', name: 'Bob Smith' }],
  }) as unknown as Call;

describe('the Jitsi room of a call', () => {
  it('is named by the call and starts with the camera as its kind says', () => {
    const room = createJitsiRoom({ domain: 'meet.example' }, clock);
    expect(room(call('voice'), alice)).toEqual({
      domain: 'meet.example',
      roomName: `call_${callId}`,
      url: `https://meet.example/call_${callId}`,
      config: { startWithAudioMuted: false, startWithVideoMuted: true },
    });
    expect(room(call('video'), alice).config.startWithVideoMuted).toBe(false);
  });

  it('comes with a token that prosody understands, for the parties and for that room alone', () => {
    const appSecret = createTokenKey(SECRET);
    const room = createJitsiRoom({ domain: 'meet.example', appId: 'switchboard', appSecret }, clock);
    const token = room(call('video'), bob).jwt ?? '';
    const [header = '', claims = '', signature] = token.split('.');
    const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(read(header)).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect(read(claims)).toEqual({
      aud: 'jitsi',
      iss: 'switchboard',
      sub: 'meet.example',
      room: `call_${callId}`,
      nbf: now / 1000 - 10,
      exp: now / 1000 + 6 * 60 * 60,
      context: { user: { id: bob, name: 'Bob Smith' } },
    });
    const expected = createHmac('sha256', SECRET).update(`${header}.${claims}`).digest('base64url');
    expect(signature).toBe(expected);
    expect(room(call('video'), eve)).not.toHaveProperty('jwt');
  });
});
