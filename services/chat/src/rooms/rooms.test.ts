import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import { type Result, type Room, RoomId } from '@switchboard/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identity, range, TestNode, until } from '../testing/chat-harness.ts';
import { createRoom } from './create-room.ts';
import { deleteRoom } from './delete-room.ts';
import { getRoom } from './get-room.ts';
import { allRooms, listRooms } from './list-rooms.ts';
import { updateRoom } from './update-room.ts';

const said = (result: Result<unknown>) =>
  result.ok ? 'ok' : [result.error.code, result.error.detail].filter(Boolean).join(' ');

describe('rooms', () => {
  let database: TestMongo;
  let node: TestNode;
  let other: TestNode;
  const names = new Map([['9', 'Renamed Nine']]);
  beforeAll(async () => {
    database = await startTestMongo();
    const url = database.database('rooms');
    node = await TestNode.start(url, { names });
    other = await TestNode.start(url, { names, unknown: ['8'] });
  });
  afterAll(async () => {
    await node?.[Symbol.asyncDispose]();
    await other?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });

  const make = (by: number, name: string, unique = false, on = node) =>
    createRoom(on.context, { actor: identity(by), name, kind: 'chat', unique });
  const rename = (by: number, { id }: Room, name: string) =>
    updateRoom(node.context, { actor: identity(by), roomId: id, name });
  const remove = (by: number, { id }: Room) => deleteRoom(node.context, { actor: identity(by), roomId: id });
  const events = (id: RoomId) =>
    [...node.events, ...other.events].flatMap((event) =>
      'room' in event && event.room.id === id ? [[event.type, event.room.name, event.room.active]] : [],
    );

  it('are shown with today’s name of their creator, and the stored one where nobody knows it', async () => {
    const made = await createRoom(node.context, {
      actor: identity(9),
      name: ' Team ',
      description: 'About the team',
      kind: 'video',
      unique: false,
    });
    expect(made).toMatchObject({
      ok: true,
      value: { name: 'Team', description: 'About the team', kind: 'video', active: true },
    });
    if (!made.ok) return;
    const { id } = made.value;
    expect(Number(id)).toBeGreaterThan(0);
    expect(await node.must('chat.room.get', { roomId: id })).toEqual({ room: made.value });
    expect(made.value.creator).toEqual({ id: '9', username: 'user9', name: 'Renamed Nine' });
    const lost = await make(8, 'Of somebody unknown');
    if (!lost.ok) throw new Error('refused');
    expect(await other.must('chat.room.get', { roomId: lost.value.id })).toMatchObject({
      room: { creator: { id: '8', username: 'user8', name: 'User 8' } },
    });
    await until('the event is out', () => events(id).length === 1);
    expect(events(id)).toEqual([['chat.room.created', 'Team', true]]);
  });

  it('are not made with what is no name or description', async () => {
    for (const ask of [{ name: ' ' }, { name: 'a\nb' }, { name: 'a', description: 'x'.repeat(2001) }]) {
      const made = await createRoom(node.context, {
        actor: identity(1),
        kind: 'chat',
        unique: false,
        ...ask,
      });
      expect(said(made)).toBe('INVALID_DATA');
    }
    const room = await node.makeRoom(1, 'Keeps its name');
    expect(said(await rename(1, room, '\u202e'))).toBe('INVALID_DATA');
  });

  it('of one unique name there is one, however many race for it on two nodes', async () => {
    const racers = await Promise.all(range(12).map((n) => make(n, 'Contested', true, n % 2 ? node : other)));
    expect(racers.map(said).filter((each) => each === 'ok')).toEqual(['ok']);
    expect(racers.map(said).filter((each) => each === 'CONFLICT name_taken')).toHaveLength(11);
    // Others may share it with that one, and with each other.
    expect(said(await make(1, 'Contested'))).toBe('ok');
    expect(said(await make(1, 'Contested'))).toBe('ok');
    // Trimmed and composed, it is the same name; in another case it is another.
    expect(said(await make(2, ' Contested ', true))).toBe('CONFLICT name_taken');
    expect(said(await make(2, 'contested', true))).toBe('ok');
  });

  it('give their unique name free when they are renamed or deleted, and never take one that is held', async () => {
    const first = await node.makeRoom(1, 'First name', { unique: true });
    const second = await node.makeRoom(2, 'Second name', { unique: true });
    const free = await node.makeRoom(2, 'Free');
    expect(said(await rename(1, first, 'Second name'))).toBe('CONFLICT name_taken');
    expect(said(await rename(2, free, 'Second name'))).toBe('ok');
    expect(said(await rename(1, first, 'Third name'))).toBe('ok');
    expect(said(await make(3, 'First name', true))).toBe('ok');
    expect(said(await remove(2, second))).toBe('ok');
    const [again] = await Promise.all([make(4, 'Second name', true)]);
    expect(said(again)).toBe('ok');
    if (again?.ok) expect(again.value.id).not.toBe(second.id);
  });

  it('are changed and deleted by their creator alone', async () => {
    const room = await node.makeRoom(1, 'Mine');
    expect(await rename(2, room, 'Yours')).toMatchObject({
      ok: false,
      error: {
        code: 'PERMISSION_DENIED',
        detail: 'not_creator',
        message: 'You can only update rooms you created.',
      },
    });
    expect(await remove(2, room)).toMatchObject({
      ok: false,
      error: {
        code: 'PERMISSION_DENIED',
        detail: 'not_creator',
        message: 'You can only delete rooms you created.',
      },
    });
    const nowhere = { id: RoomId.parse('999999') } as Room;
    expect(said(await rename(2, nowhere, 'x'))).toBe('ROOM_NOT_FOUND');
    expect(said(await remove(2, nowhere))).toBe('ROOM_NOT_FOUND');
  });

  it('tell of each change once and in order, and of none that changes nothing', async () => {
    const room = await node.makeRoom(1, 'Before');
    expect(said(await rename(1, room, 'Before'))).toBe('ok');
    expect(said(await updateRoom(node.context, { actor: identity(1), roomId: room.id }))).toBe('ok');
    expect(said(await rename(1, room, 'After'))).toBe('ok');
    const described = await updateRoom(node.context, {
      actor: identity(1),
      roomId: room.id,
      description: 'Now with words',
      kind: 'video',
    });
    expect(described).toMatchObject({
      ok: true,
      value: { name: 'After', description: 'Now with words', kind: 'video' },
    });
    expect(said(await remove(1, room))).toBe('ok');
    await until('all are out', () => events(room.id).length === 4);
    expect(events(room.id)).toEqual([
      ['chat.room.created', 'Before', true],
      ['chat.room.updated', 'After', true],
      ['chat.room.updated', 'After', true],
      ['chat.room.deleted', 'After', false],
    ]);
  });

  it('lose no change of two made at once', async () => {
    const room = await node.makeRoom(1, 'Raced');
    const answers = await Promise.all([
      updateRoom(node.context, { actor: identity(1), roomId: room.id, name: 'Raced on' }),
      updateRoom(other.context, { actor: identity(1), roomId: room.id, description: 'both' }),
      updateRoom(other.context, { actor: identity(1), roomId: room.id, kind: 'video' }),
    ]);
    expect(answers.map(said)).toEqual(['ok', 'ok', 'ok']);
    expect(await getRoom(node.context, { roomId: room.id })).toMatchObject({
      value: { name: 'Raced on', description: 'both', kind: 'video' },
    });
    // What is told last is what is so.
    const told = () => [...node.eventsOf('chat.room.updated'), ...other.eventsOf('chat.room.updated')];
    const whole = { id: room.id, name: 'Raced on', description: 'both', kind: 'video' };
    await until('the three are told', () => told().filter((event) => event.room.id === room.id).length === 3);
    expect(told()).toContainEqual(expect.objectContaining({ room: expect.objectContaining(whole) }));
  });

  it('are unknown to everybody once deleted', async () => {
    const room = await node.makeRoom(1, 'Short-lived');
    const { message } = await node.say(2, room.id, 'while it lasts');
    expect(said(await remove(1, room))).toBe('ok');
    const { conversationId } = message;
    const actor = identity(1);
    const asks = await Promise.all([
      remove(1, room),
      rename(1, room, 'Back'),
      getRoom(node.context, { roomId: room.id }),
      other.ask('chat.room.get', { roomId: room.id }),
      other.ask('chat.history', { actor, conversationId, limit: 5 }),
      other.ask('chat.sync', { actor, conversationId, after: 0, limit: 5 }),
      other.ask('chat.read', { actor, conversationId, messageIds: [] }),
      other.ask('chat.send', {
        actor,
        to: { kind: 'room', roomId: room.id },
        content: 'too late',
        contentType: 'text',
      }),
    ]);
    expect(asks.map(said)).toEqual(asks.map(() => 'ROOM_NOT_FOUND'));
    // Not by its message either, in the words of one that does not exist.
    expect(said(await node.ask('chat.read', { actor, messageIds: [message.id] }))).toBe('PERMISSION_DENIED');
    const listed = await allRooms(node.context, { search: 'short-lived' });
    expect(listed).toEqual({ ok: true, value: [] });
  });

  it('may be made so many in an hour', async () => {
    const limited = await TestNode.start(database.database('limited'), {
      env: { RATE_LIMIT_ROOMS: '2/1h' },
    });
    try {
      const answers = [];
      for (const n of range(3)) answers.push(said(await make(1, `Room ${n}`, false, limited)));
      expect(answers).toEqual(['ok', 'ok', 'RATE_LIMITED']);
      expect(said(await make(2, 'Of another', false, limited))).toBe('ok');
    } finally {
      await limited[Symbol.asyncDispose]();
    }
  });
});

describe('the list of rooms', () => {
  let database: TestMongo;
  let node: TestNode;
  beforeAll(async () => {
    database = await startTestMongo();
    node = await TestNode.start(database.database('lists'));
    for (const n of range(25)) {
      await node.makeRoom(1, `Room ${n}`, { kind: n % 5 === 0 ? 'video' : 'chat' });
    }
    await node.makeRoom(1, 'Straße (A+B).* 100%', { kind: 'video' });
    await node.makeRoom(1, 'ＣＡＦÉ');
    await deleteRoom(node.context, { actor: identity(1), roomId: RoomId.parse('3') });
  });
  afterAll(async () => {
    await node?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });

  const list = async (ask: Parameters<typeof listRooms>[1]) => {
    const result = await listRooms(node.context, ask);
    if (!result.ok) throw new Error(result.error.code);
    return result.value;
  };

  it('goes by ascending id, page by page, by cursor or by number', async () => {
    const ids = range(27)
      .filter((n) => n !== 3)
      .map(String);
    for (const by of ['cursor', 'number'] as const) {
      const seen: RoomId[] = [];
      for (let more = true; more; ) {
        const page = by === 'cursor' ? { limit: 4, after: seen.at(-1) } : { limit: 4, offset: seen.length };
        const found = await list({ page });
        expect(found.total).toBe(26);
        expect(found.rooms.length).toBe(Math.min(4, 26 - seen.length));
        seen.push(...found.rooms.map(({ id }) => id));
        more = found.more;
      }
      expect(seen).toEqual(ids);
    }
    const all = await allRooms(node.context);
    expect(all.ok && all.value.map(({ id }) => id)).toEqual(ids);
  });

  it.each([
    ['oom 1', 11],
    ['ROOM 2', 7],
    ['room', 24],
    ['o', 24],
    ['om', 24],
    ['room 25', 1],
    [' room 25 ', 1],
    ['café', 1],
    ['strasse', 0],
    ['straße', 1],
    ['(a+b).*', 1],
    ['.*', 1],
    ['%', 1],
    ['moor', 0],
    ['omroo', 0],
    ['^room', 0],
    ['a\0b', 0],
    ['\ud800', 0],
    ['x'.repeat(5_000), 0],
    [' ', 26],
  ])('finds %j in %i names', async (search, count) => {
    const found = await list({ search, page: { limit: 50 } });
    expect([found.rooms.length, found.total, found.more]).toEqual([count, count, false]);
    const all = await allRooms(node.context, { search });
    expect(all.ok && all.value).toEqual(found.rooms);
  });

  it('keeps to one kind, also within a search', async () => {
    expect(await list({ kind: 'video', page: { limit: 3 } })).toMatchObject({ total: 6, more: true });
    expect((await list({ kind: 'video', search: 'room', page: { limit: 9 } })).total).toBe(5);
    expect((await list({ kind: 'chat', search: 'straße', page: { limit: 9 } })).total).toBe(0);
  });

  it('is read by an index', async () => {
    const rooms = node.mongo.connection.collection('rooms');
    const examined = async (filter: object) => {
      const plan = await rooms.find(filter).sort({ _id: 1 }).limit(3).explain('executionStats');
      return plan.executionStats.totalDocsExamined as number;
    };
    expect(await examined({ active: true })).toBe(3);
    expect(await examined({ active: true, kind: 'video' })).toBe(3);
    expect(await examined({ grams: { $all: ['(a+'] }, nameText: { $regex: '\\(a\\+' } })).toBe(1);
  });
});
