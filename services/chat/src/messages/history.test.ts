import { externalMongo, startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import { ConversationId, jsonBytes, LIMITS, type Message } from '@switchboard/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MESSAGE_INDEXES } from '../store/message-model.ts';
import { identity, range, TestNode, until, userId } from '../testing/chat-harness.ts';

describe('history and sync', () => {
  let database: TestMongo;
  let node: TestNode;
  beforeAll(async () => {
    database = await startTestMongo();
    node = await TestNode.start(database.database('history'), { unknown: ['404'], deleted: ['410'] });
    await Promise.all(range(137).map((n) => node.send(n % 3 ? 1 : 2, n % 3 ? 2 : 1, `m${n}`)));
  });
  afterAll(async () => {
    await node?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });

  const conversationId = ConversationId.parse('d:1:2');
  const actor = identity(1);

  it('walks back through every message once', async () => {
    const seen: number[] = [];
    let before: number | undefined;
    for (let more = true; more; ) {
      const page = await node.must('chat.history', {
        actor,
        conversationId,
        limit: 10,
        ...(before === undefined ? {} : { before }),
      });
      const seqs = page.messages.map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
      seen.unshift(...seqs);
      before = seqs[0];
      more = page.more;
    }
    expect(seen).toEqual(range(137));
  });

  it('gives long messages in pages that a broker takes, and leaves none out', async () => {
    const long = 'x'.repeat(LIMITS.textBytes - 2);
    await Promise.all(range(150).map(() => node.send(61, 62, long)));
    const ask = { actor: identity(61), conversationId: ConversationId.parse('d:61:62'), limit: 200 };
    const back: number[] = [];
    for (let more = true; more; ) {
      const page = await node.must('chat.history', { ...ask, ...(back[0] ? { before: back[0] } : {}) });
      expect(jsonBytes(page)).toBeLessThan(900 * 1024);
      back.unshift(...page.messages.map(({ seq }) => seq));
      more = page.more;
    }
    expect(back).toEqual(range(150));
    const forth: number[] = [];
    for (let more = true; more; ) {
      const page = await node.must('chat.sync', { ...ask, after: forth.at(-1) ?? 0 });
      expect(jsonBytes(page)).toBeLessThan(900 * 1024);
      forth.push(...page.messages.map(({ seq }) => seq));
      more = page.more;
    }
    expect(forth).toEqual(range(150));
  });

  it('lists conversations whose last messages are long, within what a broker takes', async () => {
    const long = 'x'.repeat(LIMITS.textBytes - 2);
    await Promise.all(range(120).map((n) => node.send(7000, 7000 + n, long)));
    const ask = { actor: identity(7000), limit: 200 };
    await until('every conversation is listed', async () => {
      return (await node.must('chat.conversations', ask)).conversations.length === 120;
    });
    const listed = await node.must('chat.conversations', ask);
    expect(jsonBytes(listed)).toBeLessThan(900 * 1024);
    const withText = listed.conversations.map(({ lastMessage }) => lastMessage !== undefined);
    expect(withText.slice(0, 50)).not.toContain(false);
    expect(listed.conversations.every(({ lastSeq }) => lastSeq === 1)).toBe(true);
  });

  it('walks forward through every message once', async () => {
    const seen: number[] = [];
    for (let more = true; more; ) {
      const page = await node.must('chat.sync', {
        actor,
        conversationId,
        after: seen.at(-1) ?? 0,
        limit: 137,
      });
      seen.push(...page.messages.map(({ seq }) => seq));
      more = page.more;
    }
    expect(seen).toEqual(range(137));
    expect(await node.must('chat.sync', { actor, conversationId, after: 137, limit: 5 })).toEqual({
      messages: [],
      more: false,
    });
  });

  it('shows conversations to their members only, and the rest all alike', async () => {
    const asks = ['d:1:2', 'd:801:802', 'd:9:3'].map((id) =>
      node.ask('chat.history', { actor: identity(3), conversationId: ConversationId.parse(id), limit: 5 }),
    );
    for (const refused of await Promise.all(asks)) {
      expect(refused).toMatchObject({ ok: false, error: { code: 'PERMISSION_DENIED' } });
    }
  });

  // Only the embedded server counts the documents it looks at.
  it.skipIf(externalMongo)('looks at no more messages than it returns', async () => {
    await Promise.all(range(30).map((n) => node.send(50, 51, `other ${n}`)));
    const stored = node.mongo.connection.collection('messages');
    const cost = async (work: () => Promise<unknown>): Promise<number> => {
      // Publishing is done, so that only the work asked for is counted.
      await until(
        'nothing is left to publish',
        async () => (await stored.countDocuments({ outbox: { $exists: true } })) === 0,
      );
      const examined = () => database.embedded?.stats().docsExamined ?? Number.NaN;
      const before = examined();
      await work();
      return examined() - before;
    };
    // A page and one more, and the conversation for the receipts.
    expect(
      await cost(() => node.must('chat.history', { actor, conversationId, before: 60, limit: 10 })),
    ).toBeLessThan(15);
    expect(
      await cost(() => node.must('chat.sync', { actor, conversationId, after: 60, limit: 10 })),
    ).toBeLessThan(15);
    expect(
      await cost(() => node.must('chat.conversations', { actor: identity(51), limit: 10 })),
    ).toBeLessThan(6);
    const { message } = await node.send(50, 51, 'last', 'known');
    expect(
      await cost(() => node.must('chat.read', { actor: identity(51), messageIds: [message.id] })),
    ).toBeLessThan(31 + 10);
  });

  it('finds repeats, ends and left-overs by their indexes', async () => {
    const messages = node.mongo.connection.collection('messages');
    const plan = async (filter: Record<string, unknown>, sort?: Record<string, 1 | -1>) =>
      JSON.stringify(await messages.find(filter, sort ? { sort, limit: 1 } : {}).explain('executionStats'));
    expect(await plan({ 'sender.id': '50', clientMessageId: { $eq: 'known', $exists: true } })).toContain(
      MESSAGE_INDEXES.clientMessage,
    );
    expect(await plan({ conversationId: 'd:1:2' }, { seq: -1 })).toContain(MESSAGE_INDEXES.seq);
    expect(await plan({ 'outbox.at': { $lte: new Date() } }, { 'outbox.at': 1 })).toContain(
      MESSAGE_INDEXES.outbox,
    );
    expect(await plan({ 'receipt.at': { $lte: new Date() } }, { 'receipt.at': 1 })).toContain(
      MESSAGE_INDEXES.receipt,
    );
  });

  it('refuses what cannot be stored', async () => {
    const send = (more: Record<string, unknown>) =>
      node.ask('chat.send', {
        actor,
        to: { kind: 'direct', userId: userId(2) },
        content: 'x',
        contentType: 'text',
        ...more,
      } as never);
    const direct = (id: string) => ({ to: { kind: 'direct', userId: id } });
    for (const [more, code] of [
      [{ content: '' }, 'INVALID_DATA'],
      [{ content: ' \n\t ' }, 'INVALID_DATA'],
      [{ content: 'x'.repeat(8 * 1024) }, 'INVALID_DATA'],
      [{ content: '\u0001'.repeat(2_000) }, 'INVALID_DATA'],
      [{ content: { $gt: '' } }, 'INVALID_DATA'],
      [{ contentType: 'video' }, 'INVALID_DATA'],
      [{ clientMessageId: { $ne: null } }, 'INVALID_DATA'],
      [{ clientMessageId: '' }, 'INVALID_DATA'],
      [{ clientMessageId: 'x'.repeat(65) }, 'INVALID_DATA'],
      [direct('0'), 'INVALID_DATA'],
      [direct('__proto__'), 'INVALID_DATA'],
      [direct('404'), 'USER_NOT_FOUND'],
      [direct('410'), 'USER_NOT_FOUND'],
      [{ to: { kind: 'room', roomId: '1' } }, 'ROOM_NOT_FOUND'],
    ] as const) {
      expect(await send(more), JSON.stringify(more).slice(0, 60)).toMatchObject({
        ok: false,
        error: { code },
      });
    }
    const largest = await send({ content: 'x'.repeat(8 * 1024 - 2) });
    expect(largest).toMatchObject({ ok: true });
    for (const content of ['$where', '{"$gt":""}', '__proto__', '\u0000 null', '😀'.repeat(100)]) {
      const sent = await send({ content, clientMessageId: content.slice(0, 20) });
      expect(sent).toMatchObject({ ok: true, value: { message: { content } } });
    }
    const { messages } = await node.must('chat.history', { actor, conversationId, limit: 3 });
    expect(messages.map((message: Message) => message.content).slice(-1)).toEqual(['😀'.repeat(100)]);
  });
});

describe('the message limit', () => {
  it('counts every send of a user but not the repeats that the node remembers', async () => {
    await using database = await startTestMongo();
    await using node = await TestNode.start(database.database('limit'), {
      env: { RATE_LIMIT_MESSAGES: '5/1m' },
    });
    for (const n of range(5)) await node.send(1, 2, `m${n}`, `c${n}`);
    const sixth = {
      actor: identity(1),
      to: { kind: 'direct', userId: userId(2) },
      content: 'one too many',
      contentType: 'text',
    } as const;
    const refused = await node.ask('chat.send', sixth);
    expect(refused).toMatchObject({ ok: false, error: { code: 'RATE_LIMITED' } });
    if (refused.ok) throw new Error('must be refused');
    expect(refused.error.retryAfterMs).toBeGreaterThan(50_000);
    expect(await node.send(1, 2, 'm3', 'c3')).toMatchObject({ duplicate: true, message: { seq: 3 } });
    expect((await node.send(2, 1, 'another user')).message.seq).toBe(6);
  });
});
