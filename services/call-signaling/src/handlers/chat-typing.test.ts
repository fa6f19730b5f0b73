import { randomUUID } from 'node:crypto';
import { createManualClock, type ManualClock } from '@switchboard/engine-memory';
import type { Bus } from '@switchboard/ports';
import { type Delivery, DeviceId, DirectoryUser, ok, RoomId, SessionId, UserId } from '@switchboard/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import type { SignalingContext } from '../context.ts';
import type { Session } from '../edge/session.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { Router } from '../router/router.ts';
import { createChatTyping } from './chat-typing.ts';

const [alice, bob, carol] = ['1', '2', '3'].map((id) => UserId.parse(id)) as [UserId, UserId, UserId];
const roomId = RoomId.parse('5');

describe('typing', () => {
  let clock: ManualClock;
  let heard: { readonly to: UserId; readonly active: boolean }[];
  let said: unknown[];
  let joined: boolean;
  let session: Session;
  let context: SignalingContext;
  let typing: ReturnType<typeof createChatTyping>;
  let say: (active: boolean, to?: UserId) => Promise<void>;

  beforeEach(() => {
    clock = createManualClock();
    heard = [];
    said = [];
    joined = true;
    const router: Partial<Router> = {
      async toUser(to: UserId, delivery: Delivery) {
        if (delivery.type === 'typing') heard.push({ to, active: delivery.active });
        return 1;
      },
      toRoom(_roomId, delivery, sockets = {}) {
        said.push({ ...delivery, ...sockets });
      },
    };
    const rooms: Partial<Rooms> = { has: async () => joined };
    const bus: Partial<Bus> = { request: async () => ok({} as never) };
    const directory: Partial<SignalingContext['directory']> = {
      get: async (id) =>
        DirectoryUser.parse({
          id,
          username: `u${id}`,
          name: 'Somebody',
          email: `u${id}@example.org`,
          role: 'user',
          status: 'active',
          createdAt: '2026-01-01T00:00:00.000Z',
        }),
    };
    context = { clock, router, rooms, bus, directory } as Partial<SignalingContext> as SignalingContext;
    session = {
      deviceId: DeviceId.parse(randomUUID()),
      identity: {
        id: alice,
        username: 'alice',
        name: 'Alice',
        email: null,
        role: 'user',
        sessionId: SessionId.parse(randomUUID()),
      },
      socketId: 's',
      dialect: 'native',
      deliver: () => undefined,
      close: () => undefined,
    };
    typing = createChatTyping();
    say = async (active, to = bob) => {
      const target = { kind: 'direct', userId: to } as const;
      expect(await typing(session, { type: 'chat.typing', to: target, active }, context)).toEqual(ok({}));
    };
  });

  const words = (to = bob) => heard.filter((one) => one.to === to).map(({ active }) => active);

  it('says the same word once a second, however often a client repeats it', async () => {
    for (let pressed = 0; pressed < 30; pressed++) {
      await say(true);
      await clock.advance(100);
    }
    expect(words()).toEqual([true, true, true]);
  });

  it('passes at most four words a second to one user when they alternate, and ends on "no more"', async () => {
    for (let at = 0; at < 2000; at += 10) {
      await say(at % 20 === 0);
      await clock.advance(10);
    }
    expect(words().length).toBeLessThanOrEqual(8);
    expect(words().length).toBeGreaterThanOrEqual(4);
    expect(words().at(-1)).toBe(false);
  });

  it('never leaves anybody writing: the "no more" after a "writes" that went out goes out at once', async () => {
    await say(true);
    await say(false);
    await say(true);
    await say(false);
    expect(words()).toEqual([true, false]);
    await clock.advance(500);
    await say(true);
    await say(false);
    expect(words()).toEqual([true, false, true, false]);
  });

  it('goes to a room by the same measure, once for all in it', async () => {
    const inRoom = async (active: boolean) =>
      typing(session, { type: 'chat.typing', to: { kind: 'room', roomId }, active }, context);
    for (let pressed = 0; pressed < 5; pressed++) expect(await inRoom(true)).toEqual(ok({}));
    expect(await inRoom(false)).toEqual(ok({}));
    const from = { id: alice, username: 'alice', name: 'Alice' };
    const shown = { type: 'typing', from, conversationId: 'r:5', roomId };
    expect(said).toEqual([
      { ...shown, active: true, except: session.deviceId },
      { ...shown, active: false, except: session.deviceId },
    ]);
    joined = false;
    expect(await inRoom(true)).toMatchObject({ ok: false, error: { code: 'PERMISSION_DENIED' } });
    expect(said).toHaveLength(2);
  });

  it('measures each recipient alone', async () => {
    await say(true, bob);
    await say(true, carol);
    expect([words(bob), words(carol)]).toEqual([[true], [true]]);
  });
});
