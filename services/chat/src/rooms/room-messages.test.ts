import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import type { Message, RoomId } from '@switchboard/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identity, range, TestNode } from '../testing/chat-harness.ts';
import { deleteRoom } from './delete-room.ts';
import { emailsOf } from './emails-of.ts';
import { MESSAGES_SEARCHED, type RoomMessagesAsk, roomMessages } from './room-messages.ts';

describe('messages of a room', () => {
  let database: TestMongo;
  let node: TestNode;
  let other: TestNode;
  beforeAll(async () => {
    database = await startTestMongo();
    const url = database.database('room-messages');
    node = await TestNode.start(url, { names: new Map([['2', 'Two Today']]) });
    other = await TestNode.start(url);
  });
  afterAll(async () => {
    await node?.[Symbol.asyncDispose]();
    await other?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });

  type Ask = Partial<RoomMessagesAsk>;
  const read = async (roomId: RoomId, ask: Ask = {}) => {
    const result = await roomMessages(node.context, {
      actor: identity(77),
      roomId,
      limit: 50,
      order: 'oldest',
      ...ask,
    });
    if (!result.ok) throw new Error(`${result.error.code} ${JSON.stringify(result.error.fields)}`);
    return result.value;
  };
  const seqs = (messages: readonly Message[]) => messages.map(({ seq }) => seq);

  /** Follows `next` to the end. */
  async function walk(roomId: RoomId, ask: Ask, between: () => Promise<unknown> = async () => undefined) {
    const pages: number[][] = [];
    for (let cursor: Ask = {}; ; ) {
      const { messages, more, next } = await read(roomId, { ...ask, ...cursor });
      pages.push(seqs(messages));
      if (!more) return pages;
      cursor = ask.order === 'newest' ? { beforeSeq: next } : { afterSeq: next };
      await between();
    }
  }

  /** Stored as many at once: what a search works on matters here, not how it came there. */
  async function fill(roomId: RoomId, count: number, content: (n: number) => string) {
    await node.mongo.connection.collection('messages').insertMany(
      range(count).map((n) => ({
        _id: `00000000-0000-7000-8000-${String(Number(roomId) * 1_000_000 + n).padStart(12, '0')}` as never,
        conversationId: `r:${roomId}`,
        seq: n,
        sender: { id: '1', username: 'user1', name: 'User 1' },
        roomId,
        content: content(n),
        contentType: 'text',
        createdAt: new Date(Date.UTC(2025, 0, 1) + n * 1000),
      })),
    );
  }

  it('are the same for whoever asks, oldest first, with today’s names', async () => {
    const { id } = await node.makeRoom(1, 'History');
    const sent = [];
    for (const n of range(5)) sent.push((await node.say(1 + (n % 2), id, `m${n}`)).message);
    const { messages, more } = await read(id);
    expect(more).toBe(false);
    expect(seqs(messages)).toEqual([1, 2, 3, 4, 5]);
    expect(messages.map(({ sender }) => sender.name)).toEqual([
      'Two Today',
      'User 1',
      'Two Today',
      'User 1',
      'Two Today',
    ]);
    expect(messages.every(({ roomId, receiverId }) => roomId === id && receiverId === undefined)).toBe(true);
    const history = await other.must('chat.history', {
      actor: identity(99),
      conversationId: sent[0]?.conversationId ?? ('' as never),
      limit: 3,
    });
    expect(seqs(history.messages)).toEqual([3, 4, 5]);
    expect((await read(id, { limit: 2, order: 'newest' })).messages).toEqual(messages.slice(-2));
    const emails = await emailsOf(node.context, [messages[0]?.sender.id ?? identity(1).id]);
    expect([emails(identity(2).id), emails(identity(55).id)]).toEqual(['user2@example.com', null]);
  });

  it.each(['oldest', 'newest'] as const)(
    'come once each when every page is followed, %s first, while others are sent',
    async (order) => {
      const { id } = await node.makeRoom(1, `Walk ${order}`);
      await Promise.all(range(23).map((n) => (n % 2 ? node : other).say(n, id, `m${n}`)));
      let late = 0;
      const pages = await walk(id, { order, limit: 5 }, async () => {
        if (late < 4) await other.say(1, id, `late ${late++}`);
      });
      const flat = order === 'newest' ? pages.toReversed().flat() : pages.flat();
      expect(flat.slice(0, 23)).toEqual(range(23));
      expect(new Set(flat).size).toBe(flat.length);
      expect(flat).toHaveLength(order === 'newest' ? 23 : 27);
    },
  );

  it('are cut to a span of time, both ends included, and counted', async () => {
    const { id } = await node.makeRoom(1, 'Times');
    await fill(id, 30, (n) => `m${n}`);
    const at = (n: number) => new Date(Date.UTC(2025, 0, 1) + n * 1000);
    const span = { since: at(5), until: at(9), withTotal: true };
    expect(await read(id, span)).toMatchObject({ more: false, total: 5 });
    expect(seqs((await read(id, span)).messages)).toEqual([5, 6, 7, 8, 9]);
    expect(await walk(id, { ...span, limit: 2 })).toEqual([[5, 6], [7, 8], [9]]);
    expect(await walk(id, { ...span, limit: 2, order: 'newest' })).toEqual([[8, 9], [6, 7], [5]]);
    // The total is of all pages, whichever is asked for.
    expect((await read(id, { ...span, afterSeq: 7 })).total).toBe(5);
    expect(await read(id, { since: at(9), until: at(5), withTotal: true })).toEqual({
      messages: [],
      more: false,
      total: 0,
    });
    expect(seqs((await read(id, { since: at(29) })).messages)).toEqual([29, 30]);
    expect(seqs((await read(id, { until: new Date(at(2).getTime() - 1) })).messages)).toEqual([1]);
    expect((await read(id, { afterSeq: 10, beforeSeq: 13 })).messages.map(({ seq }) => seq)).toEqual([
      11, 12,
    ]);
  });

  it('are searched without regard to case, and never as a pattern', async () => {
    const { id } = await node.makeRoom(1, 'Search');
    const texts = [
      'Hello World',
      'hello again',
      'a.c',
      'abc',
      'ÄRGER',
      'x [y] (z) \\ $',
      '100%',
      'null \0 byte',
    ];
    for (const text of texts) await node.say(1, id, text);
    const found = async (search: string) => {
      const { messages, total, more } = await read(id, { search, withTotal: true });
      expect([total, more]).toEqual([messages.length, false]);
      return seqs(messages);
    };
    expect(await found('HELLO')).toEqual([1, 2]);
    expect(await found(' world ')).toEqual([1]);
    expect(await found('a.c')).toEqual([3]);
    expect(await found('.*')).toEqual([]);
    expect(await found('ärger')).toEqual([5]);
    expect(await found('[y] (Z) \\ $')).toEqual([6]);
    expect(await found('0%')).toEqual([7]);
    expect(await found('\0')).toEqual([8]);
    expect(await found('(a+)+$')).toEqual([]);
    expect(await found(' ')).toEqual(range(8));
    await expect(read(id, { search: 'x'.repeat(201) })).rejects.toThrow(
      'INVALID_DATA {"search":[{"rule":"too_big"',
    );
    await expect(read(id, { search: '\ud800' })).rejects.toThrow('ill_formed');
  });

  it('are searched in bounded pieces, and still all found by who follows the pages', async () => {
    const { id } = await node.makeRoom(1, 'Long');
    const length = 2 * MESSAGES_SEARCHED + 500;
    const needles = [
      1,
      999,
      1_000,
      1_001,
      MESSAGES_SEARCHED,
      MESSAGES_SEARCHED + 1,
      length - MESSAGES_SEARCHED,
      length - 1,
      length,
    ];
    await fill(id, length, (n) => (needles.includes(n) ? `a Needle ${n}` : 'hay'));
    for (const order of ['oldest', 'newest'] as const) {
      const pages = await walk(id, { search: 'needle', order, limit: 3 });
      const flat = order === 'newest' ? pages.toReversed().flat() : pages.flat();
      expect(flat).toEqual(needles);
      const nothing = await walk(id, { search: 'thistle', order, limit: 3 });
      expect(nothing).toEqual([[], [], []]);
    }
    const { total } = await read(id, { search: 'needle', withTotal: true });
    expect(total).toBeUndefined();
    const since = new Date(Date.UTC(2025, 0, 1) + (length - 100) * 1000);
    expect(await read(id, { search: 'needle', withTotal: true, since })).toMatchObject({
      total: 2,
      more: false,
    });
  }, 60_000);

  it('are gone with the room', async () => {
    const { id } = await node.makeRoom(1, 'Gone');
    await node.say(1, id, 'x');
    await deleteRoom(node.context, { actor: identity(1), roomId: id });
    await expect(read(id)).rejects.toThrow('ROOM_NOT_FOUND');
    await expect(read('888888' as RoomId)).rejects.toThrow('ROOM_NOT_FOUND');
  });
});
