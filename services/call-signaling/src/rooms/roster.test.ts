import { createManualClock, type ManualClock } from '@switchboard/engine-memory';
import type { RoomPresence } from '@switchboard/ports';
import { type DialectName, LIMITS, RoomId, unavailable } from '@switchboard/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type CallCluster,
  codeOf,
  createCallCluster,
  DEFAULT_TIMINGS,
  good,
  type TestDevice,
} from '../testing/call-cluster.ts';

const { leaseMs } = DEFAULT_TIMINGS;
/** Longer than any list waits to be told. */
const TOLD_MS = 3_000;

let clock: ManualClock;
let cluster: CallCluster;
let lobby: RoomId;
/** What the store does instead, while set. */
let presenceFault: ((verb: keyof RoomPresence) => void | Promise<void>) | undefined;

beforeEach(async () => {
  clock = createManualClock();
  presenceFault = undefined;
  cluster = await createCallCluster({
    nodes: 3,
    clock,
    roomPresence: (inner) =>
      new Proxy(inner, {
        get: (target, verb: keyof RoomPresence) => {
          const asked = target[verb] as (...args: never[]) => Promise<unknown>;
          return async (...args: never[]) => {
            await presenceFault?.(verb);
            return asked(...args);
          };
        },
      }),
  });
  lobby = cluster.room(5);
});

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

const join = (device: TestDevice, roomId = lobby) => device.send({ type: 'room.join', roomId });
const leave = (device: TestDevice, roomId = lobby) => device.send({ type: 'room.leave', roomId });
/** A socket in the room. */
async function inside(user: number, node = 0, dialect: DialectName = 'native'): Promise<TestDevice> {
  const device = await cluster.connect(user, dialect, node);
  good(await join(device));
  return device;
}
const ids = (participants: readonly { readonly id: string }[] = []): string[] =>
  participants.map(({ id }) => id);
/** The users in the last list that the socket was told. */
const listed = (device: TestDevice): string[] => ids(device.of('room.participants').at(-1)?.participants);
const newcomers = (device: TestDevice): string[] =>
  device.of('room.joined').map(({ participant }) => participant.id);
const leavers = (device: TestDevice): string[] =>
  device.of('room.left').map(({ participant }) => participant.id);

describe('who takes part', () => {
  it('hears who is there, and the others hear of it, on every node', async () => {
    const alice = await inside(1, 0);
    const bob = await cluster.connect(2, 'rooms', 1);
    const reply = good(await join(bob));
    expect(reply.room).toMatchObject({ id: lobby, name: 'Room 5' });
    expect(reply.participants).toEqual([
      { id: '1', username: 'user1', name: 'User 1', deviceId: alice.deviceId, socketId: alice.socketId },
      { id: '2', username: 'user2', name: 'User 2', deviceId: bob.deviceId, socketId: bob.socketId },
    ]);
    await clock.advance(TOLD_MS);
    expect(newcomers(alice)).toEqual(['2']);
    expect(newcomers(bob)).toEqual([]);
    expect(listed(alice)).toEqual(['1', '2']);
    expect(listed(bob)).toEqual(['1', '2']);

    good(await leave(alice));
    await clock.advance(TOLD_MS);
    expect(leavers(bob)).toEqual(['1']);
    expect(listed(bob)).toEqual(['2']);
    expect(leavers(alice)).toEqual([]);
  });

  it('is told nothing of rooms that it is not in', async () => {
    const [alice, carol] = [await inside(1), await cluster.connect(3, 'native', 1)];
    good(await join(carol, cluster.room(6)));
    await clock.advance(TOLD_MS);
    expect(newcomers(alice)).toEqual([]);
    expect(carol.of('room.participants').every(({ roomId }) => roomId === '6')).toBe(true);
    expect(listed(alice)).toEqual(['1']);
  });

  it('is one participant however many sockets it has, and leaves with the last', async () => {
    const bob = await inside(2, 2);
    const phone = await inside(1, 0);
    const laptop = await inside(1, 1, 'rooms');
    await clock.advance(TOLD_MS);
    expect(newcomers(bob)).toEqual(['1']);
    expect(bob.of('room.participants').at(-1)?.participants).toMatchObject([
      { id: '2' },
      { id: '1', socketId: phone.socketId },
    ]);
    good(await leave(phone));
    await clock.advance(TOLD_MS);
    expect(leavers(bob)).toEqual([]);
    expect(bob.of('room.participants').at(-1)?.participants).toMatchObject([
      { id: '2' },
      { id: '1', socketId: laptop.socketId },
    ]);
    await laptop.leave();
    await clock.advance(TOLD_MS);
    expect(leavers(bob)).toEqual(['1']);
    expect(listed(bob)).toEqual(['2']);
  });

  it('may ask again, and is told again without anybody else hearing of it', async () => {
    const [alice, bob] = [await inside(1), await inside(2, 1)];
    await clock.advance(TOLD_MS);
    const [mine, theirs] = [alice.of('room.participants').length, bob.received.length];
    expect(ids(good(await join(alice)).participants)).toEqual(['1', '2']);
    await clock.advance(TOLD_MS);
    expect(alice.of('room.participants')).toHaveLength(mine + 1);
    expect(bob.received).toHaveLength(theirs);
    good(await leave(alice));
    await clock.advance(TOLD_MS);
    expect(leavers(bob)).toEqual(['1']);
  });

  it('goes with the socket, from every room, and a command still in hand does not bring it back', async () => {
    const [alice, bob] = [await inside(1), await inside(2, 1)];
    const den = cluster.room(6);
    good(await join(alice, den));
    good(await join(bob, den));
    await clock.advance(TOLD_MS);
    const late = join(alice, cluster.room(7));
    await alice.leave();
    await late;
    expect(codeOf(await join(alice, cluster.room(8)))).toBe('UNAUTHORIZED');
    await clock.advance(TOLD_MS);
    expect(leavers(bob)).toEqual(['1', '1']);
    for (const room of ['5', '6', '7', '8']) {
      const members = await cluster.roomPresence.membersOf(RoomId.parse(room), clock.now());
      expect(members.map(({ participant }) => participant.id)).not.toContain('1');
    }
  });

  it('is refused where there is no room, and leaves no trace there', async () => {
    const alice = await cluster.connect(1);
    const nowhere = RoomId.parse('99');
    expect(codeOf(await join(alice, nowhere))).toBe('ROOM_NOT_FOUND');
    expect(await alice.node.roster.has(alice, nowhere)).toBe(false);
    expect(await cluster.roomPresence.membersOf(nowhere, clock.now())).toEqual([]);
    expect(codeOf(await leave(alice, nowhere))).toBe('ok');
  });

  it('is in no more rooms at a time than are allowed', async () => {
    const alice = await cluster.connect(1);
    for (let id = 0; id < LIMITS.roomsPerSocket; id += 1) good(await join(alice, cluster.room(100 + id)));
    expect(codeOf(await join(alice))).toBe('RATE_LIMITED');
    good(await join(alice, RoomId.parse('100')));
    good(await leave(alice, RoomId.parse('100')));
    good(await join(alice));
  });

  it('is not in while the store cannot say so, and nobody hears of it', async () => {
    const bob = await inside(2, 1);
    const alice = await cluster.connect(1);
    presenceFault = (verb) => {
      if (verb === 'put') throw unavailable('The store');
    };
    await expect(join(alice)).rejects.toThrow('unavailable');
    expect(await alice.node.roster.has(alice, lobby)).toBe(false);
    presenceFault = undefined;
    await clock.advance(TOLD_MS);
    expect(newcomers(bob)).toEqual([]);
    good(await join(alice));
    expect(newcomers(bob)).toEqual([]);
    await clock.advance(TOLD_MS);
    expect(newcomers(bob)).toEqual(['1']);
  });

  it('may speak right behind the join, without waiting for its answer', async () => {
    const [alice, bob] = [await cluster.connect(1), await inside(2, 1)];
    const { roster } = alice.node;
    const joining = roster.join(alice, lobby);
    expect(await roster.has(alice, lobby)).toBe(true);
    good(await joining);
    const leaving = roster.leave(alice, lobby);
    expect(await roster.has(alice, lobby)).toBe(false);
    await leaving;
    expect(await roster.of(bob)).toEqual([]);
    expect(await bob.node.roster.of(bob)).toEqual([lobby]);
  });

  it('is shown by the name that it has now', async () => {
    const [alice, bob] = [await inside(1), await inside(2, 1)];
    await clock.advance(TOLD_MS);
    cluster.names.set(alice.identity.id, 'Alice Anew');
    await cluster.bus.notify({ type: 'user.changed', userId: alice.identity.id });
    await clock.advance(TOLD_MS);
    expect(bob.of('room.participants').at(-1)?.participants[0]?.name).toBe('Alice Anew');
    const before = bob.of('room.participants').length;
    await cluster.bus.notify({ type: 'user.changed', userId: alice.identity.id });
    await clock.advance(TOLD_MS);
    expect(bob.of('room.participants')).toHaveLength(before);
  });
});

describe('a crowd', () => {
  it('that comes at once is listed a few times, not once for each', async () => {
    const first = await inside(1);
    const crowd = await Promise.all(
      Array.from({ length: 300 }, (_, at) => cluster.connect(2 + at, 'native', at % 3)),
    );
    for (let from = 0; from < crowd.length; from += 10) {
      await Promise.all(crowd.slice(from, from + 10).map(async (device) => good(await join(device))));
      await clock.advance(20);
    }
    await clock.advance(TOLD_MS);
    expect(listed(first)).toHaveLength(301);
    expect(new Set(newcomers(first)).size).toBe(300);
    for (const device of [first, ...crowd]) {
      expect(listed(device)).toHaveLength(301);
      expect(device.of('room.participants').length).toBeLessThanOrEqual(8);
    }
    const before = first.of('room.participants').length;
    await Promise.all(crowd.map((device) => device.leave()));
    await clock.advance(TOLD_MS);
    expect(listed(first)).toEqual(['1']);
    expect(first.of('room.participants').length - before).toBeLessThanOrEqual(8);
  });
});

describe('a node', () => {
  it('that dies takes its sockets out of the room, once, when their leases lapse', async () => {
    const [alice, bob, carol] = [await inside(1, 0), await inside(2, 1), await inside(3, 2)];
    await inside(2, 0);
    await clock.advance(TOLD_MS);
    cluster.nodes[0]?.crash();
    await clock.advance(leaseMs - TOLD_MS - 1_000);
    expect(listed(bob)).toEqual(['1', '2', '3']);
    await clock.advance(leaseMs);
    // Bob had a socket there, too, and stays by the other.
    for (const device of [bob, carol]) {
      expect(leavers(device)).toEqual(['1']);
      expect(listed(device)).toEqual(['2', '3']);
    }
    expect(listed(alice)).toEqual(['1', '2', '3']);
  });

  it('that hears no notices finds out for itself', async () => {
    const alice = await inside(1, 0);
    await clock.advance(TOLD_MS);
    cluster.nodes[0]?.deafen();
    await inside(2, 1);
    await clock.advance(leaseMs + TOLD_MS);
    expect(listed(alice)).toEqual(['1', '2']);
  });

  it('puts its sockets back into an emptied store, and nobody is told that anybody came', async () => {
    const [alice, bob] = [await inside(1, 0), await inside(2, 1)];
    await clock.advance(TOLD_MS);
    cluster.emptyRooms();
    await clock.advance(leaseMs / 3 + TOLD_MS);
    const members = await cluster.roomPresence.membersOf(lobby, clock.now());
    expect(ids(members.map(({ participant }) => participant)).sort()).toEqual(['1', '2']);
    for (const device of [alice, bob]) {
      expect(leavers(device)).toEqual([]);
      expect(listed(device).sort()).toEqual(['1', '2']);
    }
    expect(newcomers(alice)).toEqual(['2']);
    expect(newcomers(bob)).toEqual([]);
    // And keeps them there.
    await clock.advance(2 * leaseMs);
    expect(await cluster.roomPresence.membersOf(lobby, clock.now())).toHaveLength(2);
  });

  it('whose leases lapsed while the store was away brings its sockets back, and says so', async () => {
    const [alice, bob] = [await inside(1, 0), await inside(2, 1)];
    await clock.advance(TOLD_MS);
    presenceFault = (verb) => {
      if (verb === 'renew') throw unavailable('The store');
    };
    await clock.advance(2 * leaseMs);
    expect(leavers(bob)).toContain('1');
    presenceFault = undefined;
    await clock.advance(leaseMs);
    expect(newcomers(bob).at(-1)).toBe('1');
    expect(newcomers(alice).at(-1)).toBe('2');
    expect(listed(bob).sort()).toEqual(['1', '2']);
  });

  it('stops in good order: its sockets leave, and other nodes hear it at once', async () => {
    const [alice, bob] = [await inside(1, 0), await inside(2, 1)];
    await clock.advance(TOLD_MS);
    await alice.leave();
    await cluster.nodes[0]?.stop();
    cluster.nodes.shift();
    await clock.advance(TOLD_MS);
    expect(leavers(bob)).toEqual(['1']);
    expect(listed(bob)).toEqual(['2']);
  });

  it('answers who is in rooms', async () => {
    const den = cluster.room(6);
    const [alice, bob] = [await inside(1, 0), await inside(2, 1)];
    good(await join(bob, den));
    const reply = await cluster.bus.request('signaling.room.participants', {
      roomIds: [lobby, den, RoomId.parse('77')],
    });
    const { rooms } = good(reply);
    expect(Object.keys(rooms).sort()).toEqual(['5', '6']);
    expect(ids(rooms[lobby])).toEqual(['1', '2']);
    expect(rooms[den]).toMatchObject([{ id: '2', socketId: bob.socketId }]);
    await alice.leave();
    const later = good(await cluster.bus.request('signaling.room.participants', { roomIds: [lobby] }));
    expect(ids(later.rooms[lobby])).toEqual(['2']);
  });
});

describe('a room that is deleted', () => {
  const remove = async (roomId: RoomId): Promise<void> => {
    const room = cluster.rooms.get(roomId);
    if (room) cluster.rooms.set(roomId, { ...room, active: false });
    await cluster.nodes[2]?.roster.close(roomId);
    await clock.advance(TOLD_MS);
  };

  it('lets everybody go, on every node', async () => {
    const [alice, bob, raw] = [
      await inside(1, 0),
      await inside(2, 1, 'rooms'),
      await inside(3, 1, 'channels'),
    ];
    const den = cluster.room(6);
    good(await join(alice, den));
    await remove(lobby);
    for (const device of [alice, bob, raw]) {
      expect(device.of('room.deleted')).toEqual([{ type: 'room.deleted', roomId: lobby }]);
      expect(leavers(device)).toEqual([]);
      expect(await device.node.roster.has(device, lobby)).toBe(false);
      expect(device.joined.has(lobby)).toBe(false);
    }
    // A raw WebSocket has no other room.
    expect([alice.closed, bob.closed, raw.closed]).toEqual([[], [], ['room_deleted']]);
    expect(await alice.node.roster.of(alice)).toEqual([den]);
    expect(await cluster.roomPresence.membersOf(lobby, clock.now())).toEqual([]);
    expect(codeOf(await join(bob))).toBe('ROOM_NOT_FOUND');
    await clock.advance(leaseMs);
    expect(await cluster.roomPresence.membersOf(lobby, clock.now())).toEqual([]);
  });

  it('lets those go, too, whose node did not hear of it', async () => {
    const alice = await inside(1, 0);
    cluster.nodes[0]?.deafen();
    await remove(lobby);
    expect(alice.of('room.deleted')).toEqual([]);
    await clock.advance(leaseMs);
    expect(alice.of('room.deleted')).toHaveLength(1);
    expect(await cluster.roomPresence.membersOf(lobby, clock.now())).toEqual([]);
  });

  it('is not entered by who was on the way', async () => {
    const alice = await cluster.connect(1, 'native', 0);
    let close: Promise<void> | undefined;
    // Between the question for the room and the end of the join.
    presenceFault = (verb) => {
      if (verb !== 'membersOf') return;
      presenceFault = undefined;
      close = remove(lobby);
      return close;
    };
    const joining = join(alice);
    await joining;
    await close;
    expect(await alice.node.roster.has(alice, lobby)).toBe(false);
    expect(alice.joined.has(lobby)).toBe(false);
    expect(await cluster.roomPresence.membersOf(lobby, clock.now())).toEqual([]);
  });
});
