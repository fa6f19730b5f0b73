import { randomUUID } from 'node:crypto';
import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import {
  type ChatTarget,
  ConversationId,
  jsonBytes,
  LIMITS,
  type RequestPayload,
} from '@switchboard/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deleteRoom } from '../rooms/delete-room.ts';
import { identity, range, TestNode, until, userId } from '../testing/chat-harness.ts';

type Outgoing = RequestPayload<'chat.send.batch'>['messages'][number];

const text = (content: string, clientMessageId?: string): Outgoing => ({
  content,
  contentType: 'text',
  ...(clientMessageId === undefined ? {} : { clientMessageId }),
});
const direct = (id: number): ChatTarget => ({ kind: 'direct', userId: userId(id) });

describe('a batch of one device', () => {
  let database: TestMongo;
  let one: TestNode;
  let two: TestNode;
  beforeAll(async () => {
    database = await startTestMongo();
    const url = database.database('batches');
    [one, two] = [await TestNode.start(url, { deleted: ['900'] }), await TestNode.start(url)];
  });
  afterAll(async () => {
    await one?.[Symbol.asyncDispose]();
    await two?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });

  const batch = async (node: TestNode, from: number, to: ChatTarget, messages: readonly Outgoing[]) => {
    const actor = identity(from);
    const { answers } = await node.must('chat.send.batch', { actor, to, messages: [...messages] });
    return answers.map((answer) =>
      answer.ok
        ? { seq: answer.value.message.seq, id: answer.value.message.id, again: answer.value.duplicate }
        : { refused: answer.error.code },
    );
  };
  const contents = async (from: number, to: number) => {
    const { messages } = await one.must('chat.history', {
      actor: identity(from),
      conversationId: ConversationId.parse(`d:${from}:${to}`),
      limit: LIMITS.pageMax,
    });
    return messages.map(({ content }) => content);
  };

  it('is stored in its order, in one insert, each answered with its place', async () => {
    await one.send(1, 2, 'first');
    const before = await one.inserts();
    const answers = await batch(
      one,
      1,
      direct(2),
      range(64).map((n) => text(`message ${n}`)),
    );
    expect(answers.map((answer) => answer.seq)).toEqual(range(65).slice(1));
    expect(await contents(1, 2)).toEqual(['first', ...range(64).map((n) => `message ${n}`)]);
    const after = await one.inserts();
    expect(after.messages - before.messages).toBe(64);
    expect(after.calls - before.calls).toBe(1);
    const published = () =>
      one.eventsOf('chat.message.created').filter(({ message }) => message.conversationId === 'd:1:2');
    await until('every event published', () => published().length >= 65);
    expect(published().map(({ message }) => message.seq)).toEqual(range(65));
  });

  it('has each message refused by itself, without a hole where it would have been', async () => {
    const elsewhere = randomUUID();
    await one.send(11, 13, 'elsewhere', elsewhere);
    const answers = await batch(one, 11, direct(12), [
      text('a'),
      text('x'.repeat(LIMITS.textBytes)),
      text('b'),
      text('lost', elsewhere),
      text('c'),
      text('half \ud83d'),
      text('whole', 'a\ud83d'),
      text('d'),
    ]);
    expect(answers).toMatchObject([
      { seq: 1 },
      { refused: 'INVALID_DATA' },
      { seq: 2 },
      { refused: 'CONFLICT' },
      { seq: 3 },
      { refused: 'INVALID_DATA' },
      { refused: 'INVALID_DATA' },
      { seq: 4 },
    ]);
    expect(await contents(11, 12)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('is one message to itself for each clientMessageId, and to other nodes, too', async () => {
    const [a, b] = [randomUUID(), randomUUID()];
    const messages = [text('a', a), text('b', b), text('a again', a), text('c'), text('b again', b)];
    const first = await batch(one, 21, direct(22), messages);
    expect(first.map(({ seq, again }) => [seq, again])).toEqual([
      [1, false],
      [2, false],
      [1, true],
      [3, false],
      [2, true],
    ]);
    for (const node of [one, two]) {
      const again = await batch(node, 21, direct(22), [
        text('d'),
        ...messages.filter((each) => each.clientMessageId),
      ]);
      expect(again.slice(1).map(({ id, again }) => [id, again])).toEqual(
        [0, 1, 0, 1].map((index) => [first[index]?.id, true]),
      );
    }
    expect(await contents(21, 22)).toEqual(['a', 'b', 'c', 'd', 'd']);
  });

  it('sent again whole to a node that has not seen it costs few inserts', async () => {
    const messages = range(64).map((n) => text(String(n), randomUUID()));
    const first = await batch(one, 31, direct(32), messages);
    const before = await two.inserts();
    const again = await batch(two, 31, direct(32), messages);
    expect(again.map(({ id }) => id)).toEqual(first.map(({ id }) => id));
    expect((await two.inserts()).calls - before.calls).toBeLessThanOrEqual(3);
  });

  it('is refused whole where nobody may write, but for what is wrong with a message itself', async () => {
    const messages = [text('a'), text(' '), text('b')];
    expect(await batch(one, 41, direct(900), messages)).toEqual([
      { refused: 'USER_NOT_FOUND' },
      { refused: 'INVALID_DATA' },
      { refused: 'USER_NOT_FOUND' },
    ]);
    const room = await one.makeRoom(41, 'Batches');
    const to = { kind: 'room', roomId: room.id } as const;
    expect((await batch(one, 41, to, messages)).map(({ seq }) => seq)).toEqual([1, undefined, 2]);
    await deleteRoom(one.context, { actor: identity(41), roomId: room.id });
    expect((await batch(one, 41, to, messages)).map(({ refused }) => refused)).toEqual([
      'ROOM_NOT_FOUND',
      'INVALID_DATA',
      'ROOM_NOT_FOUND',
    ]);
  });

  it('counts each of its messages against the limit, and repeats not', async () => {
    const limited = await TestNode.start(database.database('limited'), {
      env: { RATE_LIMIT_MESSAGES: '5/1m' },
    });
    try {
      const id = randomUUID();
      const messages = [
        text('1', id),
        text('2'),
        text('1 again', id),
        text(' '),
        ...'3456'.split('').map((n) => text(n)),
      ];
      const answers = await batch(limited, 51, direct(52), messages);
      const refused = { refused: 'RATE_LIMITED' };
      expect(answers).toMatchObject([
        { seq: 1 },
        { seq: 2 },
        { seq: 1, again: true },
        { refused: 'INVALID_DATA' },
        { seq: 3 },
        { seq: 4 },
        { seq: 5 },
        refused,
      ]);
      const more = await batch(limited, 51, direct(53), [text('7'), text('1', randomUUID())]);
      expect(more).toEqual([refused, refused]);
      const repeat = await batch(limited, 51, direct(52), [text('1', id)]);
      expect(repeat).toMatchObject([{ seq: 1, again: true }]);
    } finally {
      await limited[Symbol.asyncDispose]();
    }
  });

  it('is answered within what a broker takes, also when short repeats are told of long messages', async () => {
    const { id: roomId } = await one.makeRoom(71, 'Long');
    const ids = range(64).map(() => randomUUID());
    const long = 'x'.repeat(LIMITS.textBytes - 2);
    const actor = { ...identity(71), name: 'n'.repeat(LIMITS.nameLength) };
    const to = { kind: 'room', roomId } as const;
    await one.must('chat.send.batch', { actor, to, messages: ids.map((id) => text(long, id)) });
    const again = await one.must('chat.send.batch', { actor, to, messages: ids.map((id) => text('x', id)) });
    expect(again.answers.every(({ ok }) => ok)).toBe(true);
    // Fifty readers of each message may come to that.
    expect(jsonBytes(again) + 64 * 50 * 20).toBeLessThan(900 * 1024);
  });

  it('takes no more than its bound', async () => {
    const actor = identity(61);
    for (const count of [0, 65]) {
      const messages = range(count).map(() => text('x'));
      expect(await one.ask('chat.send.batch', { actor, to: direct(62), messages })).toMatchObject({
        ok: false,
        error: { code: 'INVALID_DATA' },
      });
    }
  });

  it.each(range(4))(
    'keeps the order of each device while several write on two nodes, repeating at random (seed %i)',
    async (seed) => {
      const random = seeded(seed);
      const [from, other] = [1000 + 10 * seed, 1001 + 10 * seed];
      const devices = range(6).map((device) => ({
        device,
        from: device % 2 ? from : other,
        to: device % 2 ? other : from,
      }));
      const stored = await Promise.all(
        devices.map(async ({ device, ...who }) => {
          const sent: { label: string; id: string | undefined; seq: number }[] = [];
          let count = 0;
          for (let round = 0; round < 6; round++) {
            const messages = range(1 + Math.floor(random() * 20)).map(() => {
              const repeat = random() < 0.2 ? sent[Math.floor(random() * sent.length)]?.label : undefined;
              if (random() < 0.1) return text('');
              count += 1;
              const label = repeat ?? `${device}-${count}`;
              return text(label, label);
            });
            const node = random() < 0.5 ? one : two;
            const answers = await batch(node, who.from, direct(who.to), messages);
            for (const [index, { content }] of messages.entries()) {
              const answer = answers[index];
              const earlier = sent.find(({ label }) => label === content);
              if (content === '') {
                expect(answer).toEqual({ refused: 'INVALID_DATA' });
              } else {
                expect(answer).toMatchObject({
                  again: earlier !== undefined,
                  id: earlier?.id ?? expect.any(String),
                });
                if (!earlier) sent.push({ label: content, id: answer?.id, seq: answer?.seq ?? 0 });
              }
            }
          }
          return sent;
        }),
      );
      for (const sent of stored) {
        const seqs = sent.map(({ seq }) => seq);
        expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
      }
      const all = stored.flat().map(({ seq }) => seq);
      expect(all.sort((a, b) => a - b)).toEqual(range(all.length));
    },
  );
});

/** Repeatable pseudo-random numbers in [0, 1) (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
