import type { RoomPresence } from '@switchboard/ports';
import { type CommandOf, type DialectName, type RoomId, UserId } from '@switchboard/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  byId,
  byUser,
  type CallCluster,
  CURRENT,
  codeOf,
  createCallCluster,
  good,
  offerFirst,
  place,
  type TestDevice,
  until,
} from '../testing/call-cluster.ts';
import { endWithoutLeaks } from '../testing/end-without-leaks.ts';

const offer = { kind: 'offer', payload: { type: 'offer', sdp: 'o' } } as const;
const answer = { kind: 'answer', payload: { type: 'answer', sdp: 'a' } } as const;
const candidate = { kind: 'candidate', payload: { candidate: 'c' } } as const;
const hangup = { kind: 'hangup' } as const;

let cluster: CallCluster;
let lobby: RoomId;
let reads: number;
let callReads: number;

beforeEach(async () => {
  reads = 0;
  callReads = 0;
  cluster = await createCallCluster({
    nodes: 2,
    roomPresence: (inner): RoomPresence => ({
      ...inner,
      membersOf: (...args) => {
        reads += 1;
        return inner.membersOf(...args);
      },
    }),
    liveCalls: (inner) => ({
      ...inner,
      get: (...args) => {
        callReads += 1;
        return inner.get(...args);
      },
      claimOf: (...args) => {
        callReads += 1;
        return inner.claimOf(...args);
      },
    }),
  });
  lobby = cluster.room(5);
});

afterEach(() => endWithoutLeaks(cluster));

async function inside(user: number, node = 0, dialect: DialectName = 'rooms', roomId = lobby) {
  const device = await cluster.connect(user, dialect, node);
  good(await device.send({ type: 'room.join', roomId }));
  return device;
}

type RoomSignal = CommandOf<'room.signal'>;
const say = (device: TestDevice, signal: RoomSignal['signal'], more: Partial<RoomSignal> = {}) =>
  device.send({ type: 'room.signal', signal, ...more });
const toUser = (user: number) => ({ kind: 'user', userId: UserId.parse(String(user)) }) as const;
const toSocket = (device: TestDevice) => ({ kind: 'socket', socketId: device.socketId }) as const;
const kinds = (device: TestDevice) => device.of('room.signal').map(({ signal }) => signal.kind);

describe('a signal in a room', () => {
  it('goes to everybody else in it, on every node, and not back', async () => {
    const [alice, bob, carol] = [await inside(1), await inside(2, 1), await inside(3, 1, 'channels')];
    const mine = await inside(1, 1);
    const outside = await inside(4, 0, 'rooms', cluster.room(6));
    expect(good(await say(alice, offer, { roomId: lobby }))).toEqual({ relayed: true });
    await until('all hear', () => [bob, carol, mine].every((device) => kinds(device).length === 1));
    expect(bob.of('room.signal')[0]).toEqual({
      type: 'room.signal',
      roomId: lobby,
      from: { id: '1', username: 'user1', name: 'User 1' },
      socketId: alice.socketId,
      signal: offer,
      direct: false,
    });
    expect([...kinds(alice), ...kinds(outside)]).toEqual([]);
  });

  it('goes to each socket of the one it names, and to one socket when it names that', async () => {
    const [alice, bob, other, carol] = [
      await inside(1),
      await inside(2, 1),
      await inside(2, 0, 'native'),
      await inside(3),
    ];
    const elsewhere = await cluster.connect(2, 'native');
    expect(good(await say(alice, offer, { roomId: lobby, to: toUser(2) }))).toEqual({ relayed: true });
    await until('both hear', () => [bob, other].every((device) => kinds(device).length === 1));
    expect(bob.of('room.signal')[0]).toMatchObject({ direct: true, socketId: alice.socketId, roomId: lobby });
    expect(good(await say(bob, answer, { to: toSocket(alice) }))).toEqual({ relayed: true });
    await until('alice hears', () => kinds(alice).length === 1);
    good(await say(alice, candidate, { to: toSocket(other) }));
    await until('the other hears', () => kinds(other).length === 2);
    expect(kinds(bob)).toEqual(['offer']);
    expect([...kinds(carol), ...kinds(elsewhere)]).toEqual([]);
  });

  it('finds the room that both are in, or the only one', async () => {
    const den = cluster.room(6);
    const [alice, bob, carol] = [await inside(1), await inside(2, 1), await inside(3, 1, 'rooms', den)];
    expect(good(await say(alice, offer))).toEqual({ relayed: true });
    await until('bob hears', () => kinds(bob).length === 1);
    good(await alice.send({ type: 'room.join', roomId: den }));
    good(await say(alice, offer, { to: toUser(3) }));
    await until('carol hears', () => kinds(carol).length === 1);
    expect(carol.of('room.signal')[0]?.roomId).toBe(den);
    expect(codeOf(await say(alice, offer))).toBe('INVALID_DATA');
  });

  it('is refused to strangers and for strangers', async () => {
    const den = cluster.room(6);
    const [alice, bob] = [await inside(1), await inside(2, 1, 'rooms', den)];
    const nobody = await cluster.connect(3);
    for (const refused of [
      await say(alice, offer, { to: toUser(2) }),
      await say(alice, offer, { to: toSocket(bob) }),
      await say(alice, offer, { roomId: lobby, to: toUser(2) }),
      await say(alice, offer, { roomId: den }),
      await say(alice, offer, { roomId: den, to: toUser(2) }),
      await say(alice, hangup, { roomId: den }),
      await say(alice, offer, { to: toUser(1) }),
      await say(nobody, offer),
      await say(nobody, offer, { to: toUser(1) }),
    ]) {
      expect(codeOf(refused)).toBe('PERMISSION_DENIED');
    }
    good(await alice.send({ type: 'room.leave', roomId: lobby }));
    expect(codeOf(await say(alice, offer, { roomId: lobby }))).toBe('PERMISSION_DENIED');
    expect(kinds(bob)).toEqual([]);
  });

  it('finds who has only just come, whatever this node knew of the room', async () => {
    const alice = await inside(1);
    await inside(2, 1);
    good(await say(alice, offer, { to: toUser(2) }));
    const carol = await inside(3, 1);
    good(await say(alice, offer, { to: toUser(3) }));
    await until('carol hears', () => kinds(carol).length === 1);
  });

  it('says when nobody is there to hear it', async () => {
    const alice = await inside(1);
    expect(good(await say(alice, offer, { roomId: lobby }))).toEqual({ relayed: false });
  });

  it('costs no store while the node knows the room', async () => {
    const [alice, bob] = [await inside(1), await inside(2, 1)];
    await until('the lists are told', () => alice.of('room.participants').length > 1);
    good(await say(alice, offer, { to: toUser(2) }));
    await until('bob hears', () => kinds(bob).length === 1);
    [reads, callReads] = [0, 0];
    const started = Date.now();
    for (let sent = 0; sent < 20; sent += 1) {
      good(await say(alice, candidate, { to: toUser(2) }));
      good(await say(alice, candidate, { roomId: lobby }));
    }
    await until('bob hears all', () => kinds(bob).length === 41);
    // What is known of a room is believed for a second; and each node may have had its list of participants yet to tell.
    expect(reads).toBeLessThanOrEqual(Math.ceil((Date.now() - started) / 1_000) + 2);
    expect(callReads).toBe(0);
  });
});

describe('a signal between the parties of a call', () => {
  /** Alice, in the room with Bob and Carol, talks to Bob. */
  async function talking() {
    const [alice, bob, carol] = [await inside(1), await inside(2, 1), await inside(3)];
    const { call } = good(await alice.send(place(2)));
    await until('bob rings', () => bob.of('call.incoming').length === 1);
    good(await bob.send({ type: 'call.answer', ref: byId(call.id) }));
    await until('alice knows', () => alice.of('call.answered').length === 1);
    await cluster.quiet();
    return { alice, bob, carol, call };
  }

  it('belongs to the call, whichever way it names the other side', async () => {
    const { alice, bob, carol, call } = await talking();
    good(await say(alice, offer, { to: toUser(2) }));
    good(await say(alice, candidate));
    good(await say(bob, answer, { roomId: lobby, to: toSocket(alice) }));
    await until('bob hears', () => bob.of('call.signal').length === 2);
    await until('alice hears', () => alice.of('call.signal').length === 1);
    expect(bob.of('call.signal')).toEqual([
      { type: 'call.signal', callId: call.id, from: call.caller, socketId: alice.socketId, signal: offer },
      {
        type: 'call.signal',
        callId: call.id,
        from: call.caller,
        socketId: alice.socketId,
        signal: candidate,
      },
    ]);
    expect(alice.of('call.signal')[0]).toMatchObject({ socketId: bob.socketId, signal: answer });
    expect([...kinds(alice), ...kinds(bob), ...kinds(carol)]).toEqual([]);
  });

  it('costs no store', async () => {
    const { alice, bob } = await talking();
    const heard = () => bob.of('call.signal').length;
    good(await say(alice, candidate, { to: toUser(2) }));
    await until('bob hears', () => heard() === 1);
    [reads, callReads] = [0, 0];
    for (let sent = 0; sent < 20; sent += 1) {
      good(await say(alice, candidate, { to: toUser(2) }));
      good(await say(alice, candidate, { to: toSocket(bob) }));
    }
    await until('bob hears all', () => heard() === 41);
    expect(callReads).toBe(0);
  });

  it('leaves the room to the others', async () => {
    const { alice, bob, carol } = await talking();
    good(await say(alice, offer, { to: toUser(3) }));
    good(await say(alice, candidate, { roomId: lobby }));
    await until('carol hears', () => kinds(carol).length === 2);
    await until('bob hears', () => kinds(bob).length === 1);
    good(await say(carol, offer, { to: toUser(1) }));
    await until('alice hears', () => kinds(alice).length === 1);
    expect(alice.of('call.signal')).toEqual([]);
  });

  it('waits for the answer while it rings', async () => {
    const [alice, bob] = [await inside(1), await inside(2, 1)];
    const { call } = good(await alice.send(offerFirst(2)));
    await until('bob rings', () => bob.of('call.incoming').length === 1);
    expect(good(await say(alice, candidate, { to: toUser(2) }))).toEqual({ relayed: false });
    good(await bob.send({ type: 'call.answer', ref: byUser(1) }));
    await until('bob is told', () => bob.of('call.signal').length === 2);
    expect(bob.of('call.signal').map(({ signal, socketId }) => [signal.kind, socketId])).toEqual([
      ['offer', alice.socketId],
      ['candidate', alice.socketId],
    ]);
    good(await bob.send({ type: 'call.end', ref: byId(call.id) }));
  });

  it('hangs up with it', async () => {
    const { alice, bob, carol, call } = await talking();
    expect(good(await say(alice, hangup, { to: toUser(2) }))).toEqual({ relayed: true });
    await until('it is over', () => bob.of('call.ended').length === 1);
    expect(cluster.eventsOf('call.ended')[0]?.call.id).toBe(call.id);
    expect([...kinds(bob), ...kinds(carol)]).toEqual([]);
    // And without a call the room hears it.
    good(await say(alice, hangup, { to: toUser(2) }));
    await until('bob hears', () => kinds(bob).length === 1);
  });

  it('finds the call by a socket that shares no room', async () => {
    const [alice, bob] = [await cluster.connect(1, 'native'), await cluster.connect(2, 'native', 1)];
    good(await alice.send(place(2)));
    await until('bob rings', () => bob.of('call.incoming').length === 1);
    const caller = { by: 'socket', socketId: alice.socketId } as const;
    good(await bob.send({ type: 'call.answer', ref: caller }));
    await until('alice knows', () => alice.of('call.answered').length === 1);
    good(await bob.send({ type: 'call.signal', ref: caller, signal: offer }));
    await until('alice hears', () => alice.of('call.signal').length === 1);
    good(await say(alice, answer, { to: toSocket(bob) }));
    await until('bob hears', () => bob.of('call.signal').length === 1);
    const stranger = { by: 'socket', socketId: 'somebody' } as const;
    expect(codeOf(await bob.send({ type: 'call.signal', ref: stranger, signal: offer }))).toBe(
      'CALL_NOT_FOUND',
    );
    expect(codeOf(await say(alice, answer, { to: { kind: 'socket', socketId: 'somebody' } }))).toBe(
      'PERMISSION_DENIED',
    );
    good(await alice.send({ type: 'call.end', ref: { by: 'socket', socketId: bob.socketId } }));
    await until('over', () => bob.of('call.ended').length === 1);
  });
});

describe('the end of what was no call', () => {
  it('is told to the others in the room', async () => {
    const [alice, bob] = [await inside(1), await inside(2, 1)];
    expect(good(await alice.send({ type: 'call.end', ref: CURRENT, roomId: lobby }))).toEqual({ call: null });
    await until('bob hears', () => kinds(bob).length === 1);
    expect(bob.of('room.signal')[0]).toMatchObject({ signal: hangup, direct: false, from: { id: '1' } });
    expect(kinds(alice)).toEqual([]);
  });

  it('is refused from outside the room, and without a room', async () => {
    const [alice, bob] = [await cluster.connect(1), await inside(2, 1)];
    const end = { type: 'call.end', ref: CURRENT } as const;
    expect(codeOf(await alice.send(end))).toBe('CALL_NOT_FOUND');
    expect(codeOf(await alice.send({ ...end, roomId: lobby }))).toBe('PERMISSION_DENIED');
    const nowhere = { ...end, roomId: '99' as RoomId };
    expect(codeOf(await alice.send(nowhere))).toBe('ROOM_NOT_FOUND');
    expect(kinds(bob)).toEqual([]);
  });

  it('ends the call where there is one', async () => {
    const [alice, bob] = [await inside(1), await inside(2, 1)];
    const { call } = good(await alice.send(place(2)));
    const ended = good(await alice.send({ type: 'call.end', ref: CURRENT, roomId: lobby }));
    expect(ended.call?.id).toBe(call.id);
    await until('bob hears', () => bob.of('call.ended').length === 1);
    expect(kinds(bob)).toEqual([]);
  });
});
