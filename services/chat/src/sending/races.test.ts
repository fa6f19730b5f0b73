import { randomUUID } from 'node:crypto';
import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import { ConversationId } from '@switchboard/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identity, range, TestNode } from '../testing/chat-harness.ts';

describe('sending on two nodes with one database', () => {
  let database: TestMongo;
  let one: TestNode;
  let two: TestNode;
  beforeAll(async () => {
    database = await startTestMongo();
    [one, two] = [
      await TestNode.start(database.database('races')),
      await TestNode.start(database.database('races')),
    ];
  });
  afterAll(async () => {
    await one?.[Symbol.asyncDispose]();
    await two?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });

  it('numbers 500 concurrent sends into one conversation without hole or duplicate, in few inserts', async () => {
    const sent = await Promise.all(
      range(500).map((n) => (n % 2 ? one : two).send(n % 4 < 2 ? 1 : 2, n % 4 < 2 ? 2 : 1, `message ${n}`)),
    );
    expect(sent.map(({ message }) => message.seq).sort((a, b) => a - b)).toEqual(range(500));
    const calls = (await one.inserts()).calls + (await two.inserts()).calls;
    expect(calls).toBeLessThan(50);

    const seen: number[] = [];
    for (let more = true; more; ) {
      const page = await two.must('chat.sync', {
        actor: identity(2),
        conversationId: ConversationId.parse('d:1:2'),
        after: seen.length,
        limit: 200,
      });
      for (const message of page.messages) {
        seen.push(message.seq);
        expect(message.id).toBe(sent.find((each) => each.message.seq === message.seq)?.message.id);
      }
      more = page.more;
    }
    expect(seen).toEqual(range(500));
  });

  it('keeps the order of each sender who waits for the acks', async () => {
    const senders = await Promise.all(
      range(8).map(async (n) => {
        const seqs: number[] = [];
        for (const m of range(15)) {
          const { message } = await (m % 2 ? one : two).send(n % 2 ? 11 : 12, n % 2 ? 12 : 11, `${n}-${m}`);
          seqs.push(message.seq);
        }
        return seqs;
      }),
    );
    for (const seqs of senders) expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(senders.flat().sort((a, b) => a - b)).toEqual(range(120));
  });

  it('keeps the order of one sender who does not wait', async () => {
    const sent = await Promise.all(range(200).map((n) => one.send(13, 14, String(n))));
    expect(sent.map(({ message }) => message.seq)).toEqual(range(200));
    expect(sent.map(({ message }) => message.createdAt)).toEqual(
      [...new Set(sent.map(({ message }) => message.createdAt))].sort(),
    );
  });

  it('answers every repeat of a clientMessageId, on either node, with the same message', async () => {
    const ids = range(40).map(() => randomUUID());
    const sent = await Promise.all(
      range(5).flatMap((attempt) =>
        ids.map(async (id, n) => ({
          id,
          ...(await ((n + attempt) % 2 ? one : two).send(21, 22, `attempt ${attempt}`, id)),
        })),
      ),
    );
    for (const id of ids) {
      const answers = sent.filter((each) => each.id === id);
      expect(
        new Set(answers.map(({ message }) => `${message.id} ${message.seq} ${message.content}`)).size,
      ).toBe(1);
      expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    }
    const places = new Set(sent.map(({ message }) => message.seq));
    expect([...places].sort((a, b) => a - b)).toEqual(range(40));

    const later = await two.send(21, 22, 'another content', ids[0]);
    const first = sent.find((each) => each.id === ids[0]);
    expect(later).toMatchObject({
      duplicate: true,
      message: { id: first?.message.id, content: first?.message.content },
    });
    // It is the sender's own: another sender may use it.
    expect(await two.send(22, 21, 'mine', ids[0])).toMatchObject({ duplicate: false, message: { seq: 41 } });
  });

  it('refuses a clientMessageId that its sender used in another conversation, whether or not the node remembers it', async () => {
    const sendTo = (node: TestNode, to: number, clientMessageId: string) =>
      node.ask('chat.send', {
        actor: identity(51),
        to: { kind: 'direct', userId: identity(to).id },
        content: 'text',
        contentType: 'text',
        clientMessageId,
      });
    const refused = { ok: false, error: { code: 'CONFLICT', retryable: false } };
    const id = randomUUID();
    expect(await sendTo(one, 52, id)).toMatchObject({ ok: true, value: { duplicate: false } });
    expect(await sendTo(one, 53, id)).toMatchObject(refused);
    // The first time there is only the database to know it, the second the node does.
    expect(await sendTo(two, 53, id)).toMatchObject(refused);
    expect(await sendTo(two, 53, id)).toMatchObject(refused);
    expect(await sendTo(two, 52, id)).toMatchObject({ ok: true, value: { duplicate: true } });

    const raced = randomUUID();
    const answers = await Promise.all([
      sendTo(one, 52, raced),
      sendTo(one, 53, raced),
      sendTo(two, 54, raced),
    ]);
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    for (const answer of answers.filter(({ ok }) => !ok)) expect(answer).toMatchObject(refused);

    const stored = one.mongo.connection.collection('messages').find({ 'sender.id': '51' });
    expect(await stored.toArray()).toHaveLength(2);
  });

  it.each([
    ['content', 'a\ud83d', 'id'],
    ['clientMessageId', 'text', 'a\ud83d'],
  ])(
    'refuses a %s that would be stored otherwise than it was sent',
    async (field, content, clientMessageId) => {
      const answer = await one.ask('chat.send', {
        actor: identity(61),
        to: { kind: 'direct', userId: identity(62).id },
        content,
        contentType: 'text',
        clientMessageId,
      });
      expect(answer).toMatchObject({
        ok: false,
        error: { code: 'INVALID_DATA', fields: { [field]: [{ rule: 'ill_formed' }] } },
      });
    },
  );

  it('leaves no hole where repeats stand in the middle of batches on the other node', async () => {
    const ids = range(30).map(() => randomUUID());
    await Promise.all(ids.map((id) => one.send(31, 32, 'first', id)));
    const mixed = await Promise.all(
      ids.flatMap((id) => [two.send(31, 32, 'again', id), two.send(31, 32, 'new'), one.send(32, 31, 'new')]),
    );
    const fresh = mixed.filter(({ duplicate }) => !duplicate).map(({ message }) => message.seq);
    expect(fresh.sort((a, b) => a - b)).toEqual(range(90).slice(30));
    expect(mixed.filter(({ duplicate }) => duplicate)).toHaveLength(30);
  });

  it('stores messages of many conversations in one insert', async () => {
    const before = await one.inserts();
    await Promise.all(range(100).map((n) => one.send(1000 + n, 2000 + n, 'first of its conversation')));
    const after = await one.inserts();
    expect(after.messages - before.messages).toBe(100);
    // Places are looked up first, so the conversations become ready a few at a time.
    expect(after.calls - before.calls).toBeLessThan(50);

    const known = await one.inserts();
    await Promise.all(range(100).map((n) => one.send(1000 + n, 2000 + n, 'the place is known')));
    const stored = await one.inserts();
    expect(stored.calls - known.calls).toBeLessThanOrEqual(3);
  });
});
