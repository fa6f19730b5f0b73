import { createSecretKey } from 'node:crypto';
import { createManualClock } from '@switchboard/engine-memory';
import { UserId } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import { createIceServers, iceServersFor } from './ice-servers.ts';

const alice = UserId.parse('1');
const clock = createManualClock(1_700_000_000_000);
const turn = {
  stunUrls: ['stun:stun.example.test'],
  turnUrls: ['turn:turn.example.test:3478?transport=udp', 'turns:turn.example.test:5349'],
  turnSecret: createSecretKey(Buffer.from('north')),
  turnTtlMs: 3_600_000,
};

describe('ICE servers', () => {
  it('carry credentials in the form that coturn computes from the shared secret', () => {
    // printf 1700003600:1 | openssl dgst -sha1 -hmac north -binary | base64
    expect(iceServersFor(alice, turn, clock)).toEqual({
      iceServers: [
        { urls: turn.stunUrls },
        { urls: turn.turnUrls, username: '1700003600:1', credential: 'YOt9DNhizEmcUcI6pJComMcc7c8=' },
      ],
      expiresAt: '2023-11-14T23:13:20.000Z',
    });
  });

  it('are bound to the user and to the time', () => {
    const credential = (user: string, ttl: number) =>
      iceServersFor(UserId.parse(user), { ...turn, turnTtlMs: ttl }, clock).iceServers[1]?.credential;
    expect(new Set([credential('1', 1000), credential('2', 1000), credential('1', 5000)]).size).toBe(3);
  });

  it('name no TURN server without a secret, and nothing at all by default', () => {
    expect(iceServersFor(alice, { ...turn, turnSecret: undefined }, clock)).toEqual({
      iceServers: [{ urls: turn.stunUrls }],
    });
    const none = { stunUrls: [], turnUrls: [], turnTtlMs: 1 };
    expect(iceServersFor(alice, none, clock)).toEqual({ iceServers: [] });
  });
});

describe('ICE servers asked for again and again', () => {
  it('are made once for some seconds and for each user, and of the users only the last thousand are remembered', async () => {
    const time = createManualClock(1_700_000_000_000);
    const iceServers = createIceServers(turn, time);
    const first = iceServers(alice);
    expect(first).toEqual(iceServersFor(alice, turn, time));
    await time.advance(4_000);
    expect(iceServers(alice)).toBe(first);
    expect(iceServers(UserId.parse('2'))).not.toEqual(first);
    await time.advance(2_000);
    expect(iceServers(alice)).not.toEqual(first);

    const kept = iceServers(alice);
    for (let id = 10; id < 10 + 999; id += 1) iceServers(UserId.parse(String(id)));
    expect(iceServers(alice)).toBe(kept);
    for (let id = 2_000; id < 3_000; id += 1) iceServers(UserId.parse(String(id)));
    expect(iceServers(alice)).not.toBe(kept);
  });

  it('are not remembered for more than a twentieth of their life', async () => {
    const time = createManualClock(1_700_000_000_000);
    const iceServers = createIceServers({ ...turn, turnTtlMs: 20_000 }, time);
    const first = iceServers(alice);
    await time.advance(1_000);
    expect(iceServers(alice)).not.toBe(first);
  });
});
