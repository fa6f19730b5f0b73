import { randomUUID } from 'node:crypto';
import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import { ConversationId, MessageId } from '@switchboard/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identity, range, TestNode, until, userId } from '../testing/chat-harness.ts';

const conversation = (a: number, b: number) => ConversationId.parse(`d:${a}:${b}`);

describe('receipts', () => {
  let database: TestMongo;
  let node: TestNode;
  let other: TestNode;
  beforeAll(async () => {
    database = await startTestMongo();
    node = await TestNode.start(database.database('receipts'));
    other = await TestNode.start(database.database('receipts'));
  });
  afterAll(async () => {
    await node?.[Symbol.asyncDispose]();
    await other?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });

  const history = async (a: number, b: number) =>
    (await node.must('chat.history', { actor: identity(a), conversationId: conversation(a, b), limit: 200 }))
      .messages;
  const readEvents = (id: ConversationId) =>
    [node, other]
      .flatMap((each) => each.eventsOf('chat.message.read'))
      .filter((event) => event.conversationId === id);

  it('reading a message reads all before it, tells the author once, and never goes back', async () => {
    const sent = [];
    for (const n of range(4)) sent.push((await node.send(1, 2, `m${n}`)).message);
    const third = sent[2]?.id ?? MessageId.parse(randomUUID());
    expect(await node.must('chat.read', { actor: identity(2), messageIds: [third] })).toEqual({ upToSeq: 3 });
    expect((await history(1, 2)).map(({ readBy }) => readBy)).toEqual([['2'], ['2'], ['2'], []]);
    await until('the author hears', () => readEvents(conversation(1, 2)).length === 1);
    expect(readEvents(conversation(1, 2))).toMatchObject([
      {
        readerId: '2',
        upToSeq: 3,
        read: [{ authorId: '1', messageIds: sent.slice(0, 3).map(({ id }) => id) }],
      },
    ]);

    const again = { actor: identity(2), messageIds: [], conversationId: conversation(1, 2) };
    expect(await node.must('chat.read', { ...again, upToSeq: 1 })).toEqual({ upToSeq: 3 });
    expect(await node.must('chat.read', { ...again, upToSeq: 3 })).toEqual({ upToSeq: 3 });
    // Beyond the end there is nothing to read yet: the next message must not be born read.
    expect(await node.must('chat.read', { ...again, upToSeq: 900 })).toEqual({ upToSeq: 4 });
    await node.send(1, 2, 'm5');
    expect((await history(1, 2)).at(-1)?.readBy).toEqual([]);
    expect(await node.must('chat.read', again)).toEqual({ upToSeq: 5 });
    await until('three steps were told', () => readEvents(conversation(1, 2)).length === 3);
  });

  it('tells each message once, however many devices on both nodes read at once', async () => {
    const sent = await Promise.all(range(30).map((n) => node.send(3, 4, `m${n}`)));
    await Promise.all(
      sent.map(({ message }, n) =>
        (n % 2 ? node : other).ask('chat.read', { actor: identity(4), messageIds: [message.id] }),
      ),
    );
    await node.must('chat.read', { actor: identity(4), messageIds: [], conversationId: conversation(3, 4) });
    const told = () =>
      readEvents(conversation(3, 4)).flatMap(({ read }) => read.flatMap((each) => each.messageIds));
    await until('all are told', () => told().length >= 30);
    expect(told().toSorted()).toEqual(sent.map(({ message }) => message.id as string).toSorted());
  });

  it('names no one’s own messages, and at most a page of them', async () => {
    await Promise.all(range(230).map((n) => node.send(5, 6, `m${n}`)));
    await node.send(6, 5, 'mine');
    await node.must('chat.read', { actor: identity(6), messageIds: [], conversationId: conversation(5, 6) });
    await until('told', () => readEvents(conversation(5, 6)).length === 1);
    const [event] = readEvents(conversation(5, 6));
    expect(event?.upToSeq).toBe(231);
    expect(event?.read.map(({ authorId, messageIds }) => [authorId, messageIds.length])).toEqual([
      ['5', 200],
    ]);
  });

  it('answers alike for what is another’s and what does not exist', async () => {
    const { message } = await node.send(1, 2, 'secret');
    const mine = await node.send(7, 1, 'mine');
    const refusals = await Promise.all(
      [
        { messageIds: [message.id] },
        { messageIds: [MessageId.parse(randomUUID())] },
        { messageIds: [mine.message.id, message.id] },
        { messageIds: [], conversationId: conversation(1, 2) },
        { messageIds: [], conversationId: conversation(801, 802) },
        // The pair of user 7 and 1, spelled the other way round.
        { messageIds: [], conversationId: ConversationId.parse('d:7:1') },
      ].map((ask) => node.ask('chat.read', { actor: identity(7), ...ask })),
    );
    for (const refusal of refusals) expect(refusal).toEqual(refusals[0]);
    expect(refusals[0]).toMatchObject({ ok: false, error: { code: 'PERMISSION_DENIED' } });
    // All or nothing: the one of his own was not read either.
    expect((await history(1, 7)).map(({ readBy }) => readBy)).toEqual([[]]);
    expect(await node.ask('chat.read', { actor: identity(7), messageIds: [] })).toMatchObject({
      ok: false,
      error: { code: 'INVALID_DATA' },
    });
    expect(
      await node.must('chat.read', {
        actor: identity(7),
        messageIds: [],
        conversationId: conversation(7, 99),
      }),
    ).toEqual({ upToSeq: 0 });
  });

  it('marks a message delivered once and tells its author once, from whichever node it is said', async () => {
    const sent = await Promise.all(range(20).map((n) => node.send(11, 12, `m${n}`)));
    const back = await node.send(12, 11, 'back');
    const note = await node.send(11, 11, 'note to self');
    const deliveries = [...sent, back, note].map(({ message }) => ({
      conversationId: message.conversationId,
      messageId: message.id,
    }));
    const strange = [
      { conversationId: conversation(11, 12), messageId: MessageId.parse(randomUUID()) },
      { conversationId: conversation(1, 2), messageId: sent[0]?.message.id ?? back.message.id },
    ];
    await Promise.all(
      [node, other, node, other].map((each) =>
        each.must('chat.delivered', { deliveries: [...strange, ...deliveries] }),
      ),
    );
    const messages = await history(11, 12);
    expect(messages.every(({ deliveredAt }) => deliveredAt !== undefined)).toBe(true);
    await node.must('chat.delivered', { deliveries });
    expect((await history(11, 12)).map(({ deliveredAt }) => deliveredAt)).toEqual(
      messages.map(({ deliveredAt }) => deliveredAt),
    );
    expect((await history(11, 11)).map(({ deliveredAt }) => deliveredAt)).toEqual([undefined]);

    const told = (author: string) =>
      [node, other]
        .flatMap((each) => each.eventsOf('chat.message.delivered'))
        .filter((event) => event.authorId === author)
        .flatMap((event) => event.messageIds as string[]);
    await until('both authors hear', () => told('11').length >= 20 && told('12').length >= 1);
    expect(told('11').toSorted()).toEqual(sent.map(({ message }) => message.id as string).toSorted());
    expect(told('12')).toEqual([back.message.id]);
    const marks = node.mongo.connection.collection('messages');
    await until(
      'no mark is left',
      async () => (await marks.countDocuments({ receipt: { $exists: true } })) === 0,
    );
  });

  it('lists conversations by liveliness, with the last message and what is unread', async () => {
    const list = async (id: number, limit = 50) =>
      (await other.must('chat.conversations', { actor: identity(id), limit })).conversations;
    await node.send(20, 21, 'a');
    await node.send(22, 20, 'b');
    await node.send(22, 20, 'c');
    await node.send(20, 23, 'd');
    await node.send(23, 20, 'e');
    const shown = await until_list(() => list(20), 3);
    expect(
      shown.map(({ id, lastSeq, readSeq, unread, lastMessage, with: other_ }) => [
        id,
        lastSeq,
        readSeq,
        unread,
        lastMessage?.content,
        other_?.name,
      ]),
    ).toEqual([
      ['d:20:23', 2, 0, 1, 'e', 'User 23'],
      ['d:20:22', 2, 0, 2, 'c', 'User 22'],
      ['d:20:21', 1, 0, 0, 'a', 'User 21'],
    ]);
    expect((await list(20, 2)).map(({ id }) => id)).toEqual(['d:20:23', 'd:20:22']);

    await node.must('chat.read', {
      actor: identity(20),
      messageIds: [],
      conversationId: conversation(20, 22),
      upToSeq: 1,
    });
    await node.send(20, 22, 'own, after reading one of two');
    const after = (await list(20)).find(({ id }) => id === 'd:20:22');
    expect(after).toMatchObject({ lastSeq: 3, readSeq: 1, unread: 1 });
    expect(await list(999)).toEqual([]);
    await node.send(24, 24, 'note');
    expect(
      (await node.must('chat.conversations', { actor: identity(24), limit: 5 })).conversations,
    ).toMatchObject([{ id: 'd:24:24', unread: 0, with: { id: userId(24) } }]);
  });

  async function until_list<T>(read: () => Promise<T[]>, length: number): Promise<T[]> {
    await until('the list is complete', async () => (await read()).length === length);
    return read();
  }
});
