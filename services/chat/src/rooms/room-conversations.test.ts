import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import { type ConversationId, type RoomId, roomConversation } from '@switchboard/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identity, range, TestNode, until } from '../testing/chat-harness.ts';
import { deleteRoom } from './delete-room.ts';

describe('conversations in rooms', () => {
  let database: TestMongo;
  let node: TestNode;
  let other: TestNode;
  beforeAll(async () => {
    database = await startTestMongo();
    const url = database.database('room-conversations');
    node = await TestNode.start(url);
    other = await TestNode.start(url);
  });
  afterAll(async () => {
    await node?.[Symbol.asyncDispose]();
    await other?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });

  const list = async (id: number, limit = 50) =>
    (await other.must('chat.conversations', { actor: identity(id), limit })).conversations;
  const inList = async (id: number, roomId: RoomId) =>
    (await list(id)).find((each) => each.roomId === roomId);
  const read = (id: number, roomId: RoomId, upToSeq?: number, on = node) =>
    on.must('chat.read', {
      actor: identity(id),
      messageIds: [],
      conversationId: roomConversation(roomId),
      ...(upToSeq === undefined ? {} : { upToSeq }),
    });
  const newest = async (roomId: RoomId) => {
    const conversationId = roomConversation(roomId);
    const { messages } = await node.must('chat.history', { actor: identity(1), conversationId, limit: 200 });
    return messages;
  };
  const readEvents = (id: ConversationId) =>
    [node, other]
      .flatMap((each) => each.eventsOf('chat.message.read'))
      .filter((event) => event.conversationId === id);

  it('number messages of many senders on two nodes without a hole, and answer a repeat with the first', async () => {
    const { id } = await node.makeRoom(1, 'Busy');
    const sent = await Promise.all(
      range(60).map((n) => (n % 2 ? node : other).say(n % 7 || 1, id, `m${n}`, `c${n}`)),
    );
    expect(sent.map(({ message }) => message.seq).toSorted((a, b) => a - b)).toEqual(range(60));
    const again = await other.say(1, id, 'm1', 'c1');
    expect(again).toMatchObject({ duplicate: true, message: { id: sent[0]?.message.id } });
    await until(
      'all are told',
      () => [node, other].flatMap((each) => each.eventsOf('chat.message.created')).length >= 60,
    );
    const told = [node, other].flatMap((each) => each.eventsOf('chat.message.created'));
    expect(told.every(({ message }) => message.roomId === id && message.conversationId === `r:${id}`)).toBe(
      true,
    );
  });

  it('are listed for who wrote or read there, with what others wrote since', async () => {
    const { id } = await node.makeRoom(1, 'Listed');
    for (const n of range(4)) await node.say(11, id, `before ${n}`);
    await node.say(12, id, 'hello');
    await node.say(11, id, 'after');
    await until(
      'the writers have it',
      async () => (await inList(12, id))?.lastSeq === 6 && (await inList(11, id))?.unread === 1,
    );
    // What was said before one came is not unread; what was said since is.
    expect(await inList(12, id)).toMatchObject({
      id: `r:${id}`,
      kind: 'room',
      roomId: id,
      lastSeq: 6,
      readSeq: 0,
      unread: 1,
      lastMessage: { content: 'after' },
    });
    expect(await inList(11, id)).toMatchObject({ unread: 1 });
    expect(await inList(13, id)).toBeUndefined();

    expect(await read(13, id, 2)).toEqual({ upToSeq: 2 });
    expect(await inList(13, id)).toMatchObject({ readSeq: 2, unread: 4 });
    expect(await read(12, id)).toEqual({ upToSeq: 6 });
    expect(await inList(12, id)).toMatchObject({ readSeq: 6, unread: 0 });
    await node.say(12, id, 'mine');
    // One's own is not unread, as soon as the other node has heard whose it is.
    await until('it counts as one’s own', async () => (await inList(12, id))?.unread === 0);
    expect(await inList(12, id)).toMatchObject({ lastSeq: 7, readSeq: 6 });
  });

  it('stand among the direct ones by liveliness, and leave with the room', async () => {
    const first = await node.makeRoom(1, 'First of three');
    const second = await node.makeRoom(1, 'Second of three');
    await node.say(21, first.id, 'one');
    await node.send(21, 22, 'two');
    await node.say(21, second.id, 'three');
    const ids = async (limit?: number) => (await list(21, limit)).map((each) => each.id as string);
    const expected = [`r:${second.id}`, 'd:21:22', `r:${first.id}`];
    await until('all are listed', async () => (await ids()).length === 3);
    expect(await ids()).toEqual(expected);
    expect(await ids(2)).toEqual(expected.slice(0, 2));
    await deleteRoom(other.context, { actor: identity(1), roomId: second.id });
    expect(await ids()).toEqual(expected.slice(1));
    expect(await node.mongo.connection.collection('room_positions').countDocuments({ userId: '21' })).toBe(1);
  });

  it('tell the authors once what a reader read, and show who has', async () => {
    const { id } = await node.makeRoom(1, 'Read');
    const conversationId = roomConversation(id);
    for (const n of range(3)) await node.say(31, id, `a${n}`);
    for (const n of range(2)) await node.say(32, id, `b${n}`);
    await Promise.all([read(33, id, 4), read(33, id, 4, other), read(33, id, 2)]);
    await until('the authors hear', () => readEvents(conversationId).length > 0);
    const named = () =>
      readEvents(conversationId).flatMap((event) => event.read.flatMap((each) => each.messageIds));
    const messages = await newest(id);
    await until('all four are named', () => named().length === 4);
    expect(named().toSorted()).toEqual(
      messages
        .slice(0, 4)
        .map((message) => message.id)
        .toSorted(),
    );
    expect(messages.map(({ readBy }) => readBy)).toEqual([['33'], ['33'], ['33'], ['33'], []]);

    // Never back, never beyond the end.
    expect(await read(33, id, 1)).toEqual({ upToSeq: 4 });
    expect(await read(33, id, 400)).toEqual({ upToSeq: 5 });
    // An author has not "read" their own.
    await read(31, id);
    expect((await newest(id)).map(({ readBy }) => readBy)).toEqual(
      [['33'], ['33'], ['33'], ['33', '31'], ['33', '31']].map((each) => expect.arrayContaining(each)),
    );
    expect((await newest(id))[0]?.readBy).toEqual(['33']);
    const marks = node.mongo.connection.collection('room_positions');
    await until(
      'no mark is left',
      async () => (await marks.countDocuments({ 'outbox.0': { $exists: true } })) === 0,
    );
  });

  it('name at most fifty readers, those who have come farthest', async () => {
    const { id } = await node.makeRoom(1, 'Crowd');
    await node.say(1, id, 'one');
    await node.say(1, id, 'two');
    await Promise.all(range(60).map((n) => read(1_000 + n, id, n <= 40 ? 2 : 1)));
    const [first, second] = await newest(id);
    expect(first?.readBy).toHaveLength(50);
    expect(second?.readBy.map(Number).toSorted((a, b) => a - b)).toEqual(range(40).map((n) => 1_000 + n));
  });

  it('keep no list of readers or writers in one document', async () => {
    const { id } = await node.makeRoom(1, 'Flat');
    await Promise.all(range(20).map((n) => node.say(n, id, 'x')));
    await Promise.all(range(20).map((n) => read(n, id)));
    const stored = node.mongo.connection.collection('conversations');
    const find = () => stored.findOne({ _id: `r:${id}` as never });
    await until('it is there', async () => (await find())?.lastSeq === 20);
    expect(Object.keys((await find()) ?? {}).toSorted()).toEqual([
      '_id',
      'kind',
      'lastAt',
      'lastSeq',
      'members',
      'outbox',
    ]);
    expect(await find()).toMatchObject({ kind: 'room', members: [], outbox: [] });
  });
});
