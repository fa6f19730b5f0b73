import { CallId, type CommandOf, type DialectName, type RoomId } from '@switchboard/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  byId,
  byUser,
  type CallCluster,
  codeOf,
  createCallCluster,
  good,
  place,
  type TestDevice,
  until,
} from '../testing/call-cluster.ts';
import { endWithoutLeaks } from '../testing/end-without-leaks.ts';
import { CALLEES_MAX } from './callees.ts';

let cluster: CallCluster;
let lobby: RoomId;

beforeEach(async () => {
  cluster = await createCallCluster({ nodes: 2 });
  lobby = cluster.room(5);
});

afterEach(() => endWithoutLeaks(cluster));

async function inside(user: number, node = 0, dialect: DialectName = 'rooms'): Promise<TestDevice> {
  const device = await cluster.connect(user, dialect, node);
  good(await device.send({ type: 'room.join', roomId: lobby }));
  return device;
}

function ring(roomId = lobby, more: Partial<CommandOf<'call.place'>> = {}): CommandOf<'call.place'> {
  return { ...place(1), to: { kind: 'room', roomId }, ...more };
}
const bySocket = (device: TestDevice) => ({ by: 'socket', socketId: device.socketId }) as const;
const rings = (device: TestDevice) => device.of('call.incoming').length;
const ends = (device: TestDevice) => device.of('call.ended').map(({ reason }) => reason);

describe('a call to a room', () => {
  it('rings everybody else in it, wherever their devices are, and names the room', async () => {
    const [alice, bob, carol] = [await inside(1), await inside(2, 1), await inside(3)];
    const phone = await cluster.connect(2, 'native', 0);
    const deaf = await inside(4, 1, 'channels');
    const stranger = await cluster.connect(5, 'rooms', 1);
    const mine = await cluster.connect(1, 'rooms', 1);
    const { call } = good(await alice.send(ring()));
    expect(call).toMatchObject({ roomId: lobby, phase: 'ringing' });
    expect(call.callees.map(({ id }) => id)).toEqual(['2', '3', '4']);
    await until('all ring', () => [bob, phone, carol].every((device) => rings(device) === 1));
    await until('the caller knows', () => alice.of('call.placed').length === 1);
    await cluster.quiet();
    expect([deaf, stranger, mine].map(rings)).toEqual([0, 0, 0]);
    good(await alice.send({ type: 'call.end', ref: byId(call.id) }));
    await until('silence', () => [bob, phone, carol].every((device) => ends(device).length === 1));
    expect(ends(deaf)).toEqual([]);
  });

  it('is taken by the first, and all others are told', async () => {
    const [alice, bob, carol] = [await inside(1), await inside(2, 1), await inside(3)];
    const phone = await cluster.connect(2, 'native', 0);
    const { call } = good(await alice.send(ring()));
    await until('all ring', () => [bob, phone, carol].every((device) => rings(device) === 1));
    const answers = await Promise.all(
      [bob, carol].map((device) => device.send({ type: 'call.answer', ref: byUser(1) })),
    );
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    const [winner, loser] = answers[0]?.ok ? [bob, carol] : [carol, bob];
    await until('alice knows', () => alice.of('call.answered').length === 1);
    expect(alice.of('call.answered')[0]?.by.id).toBe(winner.identity.id);
    await until('the loser knows', () => ends(loser).length > 0);
    await until('the phone knows', () => ends(phone).length === 1);
    expect(new Set([...ends(loser), ...ends(phone)])).toEqual(new Set(['answered_elsewhere']));
    expect(ends(winner)).toEqual([]);

    const offer = { kind: 'offer', payload: { sdp: 'o' } } as const;
    good(await alice.send({ type: 'call.signal', ref: byId(call.id), signal: offer }));
    await until('the winner hears', () => winner.of('call.signal').length === 1);
    expect(winner.of('call.signal')[0]).toMatchObject({
      roomId: lobby,
      socketId: alice.socketId,
      signal: offer,
    });
    // Whoever lost is free again.
    expect((await cluster.store.claimOf(loser.identity.id, Date.now())) ?? null).toBeNull();
    good(await alice.send({ type: 'call.end', ref: byId(call.id) }));
    await until('over', () => ends(winner).length === 1);
  });

  it('goes on ringing the others when one says no, and is rejected by the last', async () => {
    const [alice, bob, carol] = [await inside(1), await inside(2, 1), await inside(3)];
    good(await alice.send(ring()));
    await until('both ring', () => rings(bob) + rings(carol) === 2);
    good(await bob.send({ type: 'call.reject', ref: bySocket(alice), reason: 'rejected' }));
    await cluster.quiet();
    expect([alice.of('call.rejected').length, ends(carol).length]).toEqual([0, 0]);
    good(await carol.send({ type: 'call.reject', ref: byUser(1), reason: 'rejected' }));
    await until('alice knows', () => alice.of('call.rejected').length === 1);
    expect(alice.of('call.rejected')[0]).toMatchObject({ reason: 'rejected', by: { id: '3' } });
  });

  it('rings the free ones past the busy ones; busy only when all are', async () => {
    const [alice, bob, carol, dave] = [await inside(1), await inside(2, 1), await inside(3), await inside(4)];
    const { call: theirs } = good(await bob.send(place(3)));
    const { call } = good(await alice.send(ring()));
    await until('dave rings', () => rings(dave) === 1);
    expect((await cluster.stateOf(call.id))?.state.callees).toMatchObject({
      2: 'busy',
      3: 'busy',
      4: 'ringing',
    });
    good(await dave.send({ type: 'call.reject', ref: byId(call.id), reason: 'rejected' }));
    await until('alice knows', () => alice.of('call.rejected').length === 1);
    await cluster.quiet();

    good(await dave.send({ type: 'room.leave', roomId: lobby }));
    const refused = await alice.send(ring());
    expect(refused).toMatchObject({
      ok: false,
      error: { code: 'USER_UNAVAILABLE', message: 'User is busy' },
    });
    expect(alice.of('call.failed')).toMatchObject([{ reason: 'user_busy' }]);
    // Who was found busy rings for their own call alone.
    expect([rings(bob), rings(carol)]).toEqual([0, 1]);
    good(await bob.send({ type: 'call.end', ref: byId(theirs.id) }));
    await until('over', () => ends(carol).length === 1);
  });

  it('is unavailable when nobody can be rung, and when nobody is there', async () => {
    const alice = await inside(1);
    expect(codeOf(await alice.send(ring()))).toBe('USER_UNAVAILABLE');
    await inside(1, 1);
    expect(codeOf(await alice.send(ring()))).toBe('USER_UNAVAILABLE');
    await inside(4, 1, 'channels');
    expect(codeOf(await alice.send(ring()))).toBe('USER_UNAVAILABLE');
    expect(alice.of('call.failed')).toMatchObject([{ to: '4', reason: 'user_unavailable' }]);
  });

  it('is placed from within only', async () => {
    const [alice, bob] = [await cluster.connect(1), await inside(2, 1)];
    expect(codeOf(await alice.send(ring()))).toBe('PERMISSION_DENIED');
    expect(codeOf(await alice.send(ring('99' as RoomId)))).toBe('ROOM_NOT_FOUND');
    expect(rings(bob)).toBe(0);
  });

  it('rings no more people than are allowed', async () => {
    const alice = await inside(1);
    await Promise.all(Array.from({ length: CALLEES_MAX + 1 }, (_, at) => inside(2 + at, at % 2)));
    expect(codeOf(await alice.send(ring()))).toBe('INVALID_DATA');
  });

  it('of two who ring it at once is one call', async () => {
    for (let round = 0; round < 10; round += 1) {
      const [alice, bob] = [await inside(1), await inside(2, 1)];
      const placed = await Promise.all([alice, bob].map((device) => device.send(ring())));
      expect(placed.every(({ ok }) => ok)).toBe(true);
      const [one, other] = placed.map((result) => good(result).call.id);
      expect(one).toBe(other);
      await cluster.quiet();
      expect((await cluster.stateOf(CallId.parse(one)))?.state.call.phase).toBe('active');
      good(await alice.send({ type: 'call.end', ref: byUser(2) }));
      await until('over', () => ends(bob).length === 1);
      await Promise.all([alice.leave(), bob.leave()]);
      await cluster.quiet();
    }
  });

  it('that is placed again with its id is the same, whoever has come or gone since', async () => {
    const [alice, bob, carol] = [await inside(1), await inside(2, 1), await inside(3)];
    const callId = CallId.parse('0198a1de-0000-7000-8000-0000000000c1');
    const first = good(await alice.send(ring(lobby, { callId })));
    await until('both ring', () => rings(bob) + rings(carol) === 2);
    await carol.leave();
    await inside(4);
    const again = good(await alice.send(ring(lobby, { callId })));
    expect(again.call.callees).toEqual(first.call.callees);
    good(await alice.send({ type: 'call.end', ref: byId(callId) }));
    await until('over', () => ends(bob).length === 1);
  });
});

describe('a call to a socket', () => {
  const call = (socketId: string) => ({ ...place(1), to: { kind: 'socket', socketId } as const });

  it('rings its user, on every device', async () => {
    const [alice, bob] = [await inside(1), await inside(2, 1)];
    const phone = await cluster.connect(2, 'native');
    const placed = good(await alice.send(call(bob.socketId)));
    expect(placed.call.callees).toEqual([{ id: '2', username: 'user2', name: 'User 2' }]);
    await until('both ring', () => rings(bob) + rings(phone) === 2);
    good(await alice.send({ type: 'call.end', ref: bySocket(bob) }));
    await until('over', () => ends(bob).length + ends(phone).length === 2);
  });

  it('is for those who share a room, and not for oneself', async () => {
    const [alice, bob] = [await inside(1), await cluster.connect(2, 'rooms', 1)];
    expect(codeOf(await alice.send(call(bob.socketId)))).toBe('USER_NOT_FOUND');
    expect(codeOf(await alice.send(call(alice.socketId)))).toBe('INVALID_DATA');
    const mine = await inside(1, 1);
    expect(codeOf(await alice.send(call(mine.socketId)))).toBe('INVALID_DATA');
    expect(rings(bob)).toBe(0);
  });
});
