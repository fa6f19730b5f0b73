import type { ClientEvents, Message } from '@switchboard/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { allInOne, type Topology } from '../harness/topology.ts';
import { Clients } from './clients.ts';
import { FlakyLine } from './flaky-line.ts';

let topology: Topology;
beforeAll(async () => {
  topology = await allInOne({ RATE_LIMIT_MESSAGES: 'off' });
});
afterAll(async () => {
  await topology?.[Symbol.asyncDispose]();
});

describe('rooms with the client', () => {
  it('are made, found, changed by their creator, and deleted for everybody', async () => {
    await using clients = new Clients(topology);
    const [alice, bob] = [await clients.newcomer('Alice'), await clients.newcomer('Bob')];
    const name = `standup of ${alice.person.username}`;
    const room = await alice.client.rooms.create({ name, description: 'daily' });
    expect(room).toMatchObject({
      name,
      description: 'daily',
      kind: 'chat',
      creator: { id: alice.person.id },
    });
    const found = await bob.client.rooms.list({ search: alice.person.username });
    expect(found).toMatchObject({ rooms: [{ id: room.id }], total: 1, more: false });
    expect(await bob.client.rooms.get(room.id)).toEqual(room);
    await expect(bob.client.rooms.update(room.id, { name: 'mine' })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });

    await bob.client.rooms.join(room.id);
    expect((await bob.client.rooms.whoIsIn(room.id)).map(({ id }) => id)).toEqual([bob.person.id]);
    const updated = new Promise<ClientEvents['room-updated']>((resolve) =>
      bob.client.on('room-updated', resolve),
    );
    await alice.client.rooms.update(room.id, { description: 'weekly' });
    expect((await updated).description).toBe('weekly');
    const gone = new Promise<ClientEvents['room-closed']>((resolve) => bob.client.on('room-closed', resolve));
    await alice.client.rooms.delete(room.id);
    expect(await gone).toEqual({ roomId: room.id });
    expect(bob.client.rooms.joined).toEqual([]);
    await expect(bob.client.rooms.join(room.id)).rejects.toMatchObject({ code: 'ROOM_NOT_FOUND' });
  });

  it('carry messages to who is in them, and words of who comes and goes', async () => {
    await using clients = new Clients(topology);
    const [alice, bob] = [await clients.newcomer('Alice'), await clients.newcomer('Bob')];
    const room = await alice.client.rooms.create({ name: 'lobby' });
    await expect(bob.client.chat.sendMessage({ roomId: room.id }, 'from outside')).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    await alice.client.rooms.join(room.id);
    const came: string[] = [];
    alice.client.on('room-joined', ({ participant }) => came.push(`came ${participant.id}`));
    alice.client.on('room-left', ({ participant }) => came.push(`left ${participant.id}`));
    const { participants } = await bob.client.rooms.join(room.id);
    expect(participants.map(({ id }) => id).sort()).toEqual([alice.person.id, bob.person.id].sort());
    await until('both are listed', () => alice.client.rooms.participants(room.id).length === 2);

    const heard: Message[] = [];
    alice.client.on('message', (message) => heard.push(message));
    const sent = await bob.client.chat.sendMessage({ roomId: room.id }, 'hello everybody');
    await until('it is heard', () => heard.length > 0);
    expect(heard).toMatchObject([{ id: sent.id, seq: 1, roomId: room.id, content: 'hello everybody' }]);
    await bob.client.rooms.leave(room.id);
    await until('the leaving is heard', () => came.length >= 2);
    expect(came).toEqual([`came ${bob.person.id}`, `left ${bob.person.id}`]);
  });

  it('carry signals to one participant and to all others', async () => {
    await using clients = new Clients(topology);
    const [alice, bob, carol] = await Promise.all(
      ['Alice', 'Bob', 'Carol'].map((name) => clients.newcomer(name)),
    );
    if (!alice || !bob || !carol) throw new Error('three were asked for');
    const room = await alice.client.rooms.create({ name: 'meeting', kind: 'video' });
    for (const { client } of [alice, bob, carol]) await client.rooms.join(room.id);
    const heard = new Map<string, unknown[]>();
    for (const { client, person } of [alice, bob, carol]) {
      const signals: unknown[] = [];
      heard.set(person.id, signals);
      client.on('room-signal', ({ from, signal, direct }) => signals.push([from.id, signal, direct]));
    }
    const offer = { kind: 'offer', payload: { type: 'offer', sdp: 'v=0' } } as const;
    expect(await alice.client.rooms.signal(room.id, offer, { userId: bob.person.id })).toEqual({
      relayed: true,
    });
    await alice.client.rooms.signal(room.id, { kind: 'hangup' });
    await until('carol heard the last', () => heard.get(carol.person.id)?.length);
    await until('bob heard both', () => heard.get(bob.person.id)?.length === 2);
    expect(heard.get(bob.person.id)).toEqual([
      [alice.person.id, offer, true],
      [alice.person.id, { kind: 'hangup' }, false],
    ]);
    expect(heard.get(carol.person.id)).toEqual([[alice.person.id, { kind: 'hangup' }, false]]);
    expect(heard.get(alice.person.id)).toEqual([]);
  });

  it('are entered again on a new line before anything is sent there, and what was missed is repaired', async () => {
    await using clients = new Clients(topology);
    await using line = await FlakyLine.to(topology.url(0));
    const alice = await clients.newcomer('Alice');
    const bob = await clients.newcomer('Bob', { url: line.url });
    const room = await alice.client.rooms.create({ name: 'lobby' });
    const to = { roomId: room.id };
    await alice.client.rooms.join(room.id);
    await alice.client.chat.sendMessage(to, 'before bob came');
    await bob.client.rooms.join(room.id);
    const heard: string[] = [];
    bob.client.on('message', ({ content }) => heard.push(content));

    line.swallowReplies();
    for (const content of ['one', 'two', 'three']) await alice.client.chat.sendMessage(to, content);
    const own = bob.client.chat.sendMessage(to, 'four');
    line.passReplies();
    line.cut();
    expect((await own).message.content).toBe('four');
    await until('all are heard', () => heard.length >= 4);
    expect(new Set(heard)).toEqual(new Set(['one', 'two', 'three', 'four']));
    const { messages } = await bob.client.chat.history(bob.client.chat.conversationId(to));
    // In order of seq, whatever that is between the two who wrote at once.
    expect(heard).toEqual(messages.map(({ content }) => content).slice(1));
  });
});
