import { type Dialect, dialects } from '@switchboard/dialects';
import { createMemoryPresence } from '@switchboard/engine-memory';
import {
  type CallId,
  DeviceId,
  type DialectName,
  NodeId,
  RoomId,
  SessionId,
  UserId,
} from '@switchboard/protocol';
import fc from 'fast-check';
import type { Namespace } from 'socket.io';
import { describe, expect, it } from 'vitest';
import { rooms } from './rooms.ts';
import { createSocketIoRouter } from './socket-io-router.ts';

const user = UserId.parse('7');
const device = (last: number) => DeviceId.parse(`00000000-0000-4000-8000-00000000000${last}`);
const callId = '00000000-0000-4000-8000-0000000000cc' as CallId;
const typing = {
  type: 'typing',
  from: { id: user, username: 'u', name: 'U' },
  active: true,
  conversationId: 'd:7:8',
} as never;

interface Emitted {
  readonly rooms: string[];
  readonly except: string[];
  readonly event: string;
  /** To the sockets of this node alone. */
  readonly here: boolean;
}

/** A namespace of which only rooms may be asked: anything else is a call that some adapter would make dear. */
function recorder() {
  const emitted: Emitted[] = [];
  const joined: string[] = [];
  const target = (to: string[], except: string[], here = false) => ({
    to: (room: string) => target([...to, room], except, here),
    in: (room: string) => target([...to, room], except, here),
    except: (room: string) => target(to, [...except, room], here),
    get local() {
      return target(to, except, true);
    },
    emit: (event: string, ...args: unknown[]) => {
      if (typeof args.at(-1) === 'function') throw new Error('an acked broadcast goes to every node');
      emitted.push({ rooms: to, except, event, here });
    },
  });
  return { namespace: target([], []) as unknown as Namespace, emitted, joined };
}

async function routerFor(...devices: [number, DialectName | null][]) {
  const presence = createMemoryPresence();
  const now = Date.now();
  for (const [last, dialect] of devices) {
    const present = {
      deviceId: device(last),
      userId: user,
      sessionId: SessionId.parse(device(last)),
      nodeId: NodeId.parse('n'),
      dialect,
    };
    await presence.put(present, now + 60_000, now);
  }
  let encoded = 0;
  const counting = new Map<DialectName, Dialect>(
    [...dialects].map(([name, dialect]) => [
      name,
      {
        ...dialect,
        encode: (...args) => {
          encoded += 1;
          return dialect.encode(...args);
        },
      },
    ]),
  );
  const { namespace, emitted, joined } = recorder();
  const router = createSocketIoRouter({
    namespace,
    // Of all devices the ninth is here.
    localSocket: (deviceId) =>
      deviceId === device(9)
        ? {
            join: (room) => void joined.push(`→ ${String(room)}`),
            leave: (room) => void joined.push(`← ${String(room)}`),
          }
        : undefined,
    dialects: counting,
    presence,
    clock: { now: () => now, after: () => ({ [Symbol.dispose]() {} }) },
    ways: {
      jitsiRoom: () => ({
        domain: '',
        roomName: '',
        url: '',
        config: { startWithAudioMuted: false, startWithVideoMuted: false },
      }),
      iceServers: (user) => ({ iceServers: [{ urls: ['turn:test'], username: user, credential: 'x' }] }),
    },
  });
  return { router, emitted, joined, encodings: () => encoded };
}

describe('rooms', () => {
  it('never have the length of a socket id', () => {
    const userIds = fc.stringMatching(/^[1-9]\d{0,14}$/).map((id) => UserId.parse(id));
    const tongues = fc.constantFrom(
      'peer',
      'rooms',
      'jitsi',
      'expo',
      'expo-lower',
      'channels',
      'native',
      'undeclared' as const,
    );
    fc.assert(
      fc.property(userIds, tongues, (id, tongue) => {
        const named = [rooms.user(id, tongue), rooms.room(RoomId.parse(id), tongue)];
        for (const room of [...named, rooms.presence(tongue), rooms.device(device(1))]) {
          expect(room).not.toHaveLength(20);
        }
      }),
      { examples: [[UserId.parse('1234567890'), 'peer']] },
    );
    expect(rooms.callSeat(callId, device(1))).not.toHaveLength(20);
  });
});

describe('a delivery to a user', () => {
  it('is encoded once and emitted once for each vocabulary present', async () => {
    const { router, emitted, encodings } = await routerFor(
      [1, 'native'],
      [2, 'native'],
      [3, 'jitsi'],
      [4, 'peer'],
    );
    // Peer has no word for it, and does not count.
    expect(await router.toUser(user, typing)).toBe(3);
    expect(encodings()).toBe(3);
    // Whoever still lingers in the room of a former tongue hears it in the present one.
    const out = (...devices: number[]) => devices.map((last) => rooms.device(device(last)));
    expect(emitted).toEqual([
      { rooms: ['user:7|native'], except: out(3, 4), event: 'typing', here: false },
      { rooms: ['user:7|jitsi'], except: out(1, 2, 4), event: 'typing:start', here: false },
    ]);
  });

  it('leaves a device out and asks for each vocabulary, of undeclared sockets for all', async () => {
    const { router, emitted } = await routerFor([1, 'native'], [2, 'native'], [3, null]);
    expect(await router.toUser(user, typing, { except: device(1) })).toBe(2);
    expect(emitted.map(({ rooms: [room], except: [out], event }) => [room, out, event])).toEqual([
      ['user:7|native', rooms.device(device(1)), 'typing'],
      ['user:7|undeclared', rooms.device(device(1)), 'typing:start'],
      ['user:7|undeclared', rooms.device(device(1)), 'CHAT_TYPING'],
      ['user:7|undeclared', rooms.device(device(1)), 'typing'],
    ]);
    emitted.length = 0;
    expect(await router.toUser(user, typing, { only: (dialect) => dialect === 'jitsi' })).toBe(1);
    expect(emitted.map(({ event }) => event)).toEqual(['typing:start']);
    expect(await router.toUser(user, typing, { only: () => false })).toBe(0);
    expect(await router.toUser(UserId.parse('8'), typing)).toBe(0);
  });
});

describe('a vocabulary in two spellings', () => {
  it('has a room for each', async () => {
    const { router, emitted } = await routerFor([1, 'expo'], [2, 'expo-lower']);
    expect(await router.toUser(user, typing)).toBe(2);
    expect(emitted.map(({ rooms: [room], event }) => [room, event])).toEqual([
      ['user:7|expo', 'CHAT_TYPING'],
      ['user:7|expo-lower', 'chat_typing'],
    ]);
  });
});

describe('a call', () => {
  it('is joined by devices of this node and signalled to one seat', async () => {
    const { router, emitted, joined, encodings } = await routerFor();
    await router.joinCall(device(9), callId);
    await router.leaveCall(device(9), callId);
    // Of another node: nothing that this one could do but ask all nodes.
    await router.joinCall(device(1), callId);
    await router.leaveCall(device(1), callId);
    const mine = rooms.callSeat(callId, device(9));
    expect(joined).toEqual([`→ ${mine}`, `← ${mine}`]);
    const seat = rooms.callSeat(callId, device(1));
    const to = { userId: user, device: { deviceId: device(1), dialect: 'native' as const } };
    router.relay(callId, to, typing);
    router.toDevice(user, to.device, typing);
    expect(emitted.map(({ rooms: [room] }) => room)).toEqual([seat, rooms.device(device(1))]);
    expect(encodings()).toBe(2);
  });
});

describe('a room', () => {
  const room = RoomId.parse('5');
  const participant = { id: user, username: 'u', name: 'U', deviceId: device(1), socketId: 's' };
  const came = { type: 'room.joined', roomId: room, participant } as const;

  it('is joined by sockets of this node, in their vocabulary', async () => {
    const { router, joined } = await routerFor();
    await router.joinRoom({ deviceId: device(9), dialect: 'channels' }, room);
    await router.leaveRoom({ deviceId: device(9), dialect: 'channels' }, room);
    await router.joinRoom({ deviceId: device(1), dialect: 'native' }, room);
    expect(joined).toEqual(['→ room:5|channels', '← room:5|channels']);
  });

  it('hears by one emit a vocabulary that has words for it, to one room at a time', async () => {
    const { router, emitted } = await routerFor();
    router.toRoom(room, came);
    expect(emitted.map(({ rooms: [to], event }) => `${to} ${event}`).sort()).toEqual([
      'room:5|native room.joined',
      'room:5|rooms user-joined',
    ]);
    expect(emitted.every(({ rooms: to, here }) => to.length === 1 && !here)).toBe(true);
  });

  it('hears without one device, in some vocabularies, or here alone', async () => {
    const { router, emitted } = await routerFor();
    router.toRoom(room, came, { except: device(1), only: (dialect) => dialect === 'native' });
    expect(emitted).toMatchObject([
      { rooms: ['room:5|native'], except: [rooms.device(device(1))], here: false },
    ]);
    emitted.length = 0;
    router.toRoom(room, came, { here: true });
    expect(emitted.map(({ here }) => here)).toEqual([true, true]);
  });
});

describe('everyone', () => {
  it('is one emit for each frame of each vocabulary, to rooms of presence alone', async () => {
    const { router, emitted } = await routerFor();
    const online = [{ id: user, username: 'u', name: 'U' }];
    router.toEveryone({ type: 'presence', online, joined: online, left: [], at: new Date().toISOString() });
    expect(emitted.map(({ rooms: [room], event }) => `${room} ${event}`).sort()).toEqual([
      'presence|jitsi user:online',
      'presence|native presence',
      'presence|peer users',
      'presence|undeclared presence',
      'presence|undeclared user:online',
      'presence|undeclared users',
    ]);
  });
});
