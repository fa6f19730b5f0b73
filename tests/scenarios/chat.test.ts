import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { http } from '../harness/http.ts';
import { register, Stage } from '../harness/people.ts';
import { type Topology, topologies } from '../harness/topology.ts';

type Message = { id: string; seq: number; content: string; readBy: string[] };
const direct = (a: string, b: string) => (Number(a) < Number(b) ? `d:${a}:${b}` : `d:${b}:${a}`);

describe.each(topologies)('chat on $name', ({ start }) => {
  let topology: Topology;
  beforeAll(async () => {
    topology = await start({ RATE_LIMIT_MESSAGES: 'off' });
  });
  afterAll(async () => {
    await topology?.[Symbol.asyncDispose]();
  });

  it('jitsi to native: message, typing, receipts, history in both vocabularies', async () => {
    const [alice, bob] = await Promise.all([register(topology, 'alice'), register(topology, 'bob')]);
    await using stage = new Stage(topology);
    const [a, b] = [await stage.jitsi(alice, 0), await stage.native(bob, 1)];
    a.send('typing:start', { to: bob.id });
    expect(await b.log.next('typing')).toMatchObject({ from: { id: alice.id }, active: true });
    a.send('message', { to: bob.id, content: 'Hello Bob!', type: 'text' });
    const { message } = (await b.log.next('message.created')) as unknown as { message: Message };
    expect(message).toMatchObject({ seq: 1, content: 'Hello Bob!', sender: { id: alice.id } });
    const reply = await b.ask('chat.send', { to: { userId: alice.id }, content: 'Hi' });
    expect(reply).toMatchObject({ ok: true, message: { seq: 2 } });
    expect(await a.log.next('message')).toMatchObject({
      id: (reply.message as Message).id,
      senderId: bob.id,
      receiverId: alice.id,
      content: 'Hi',
      type: 'text',
    });
    expect((await b.ask('chat.read', { conversationId: direct(alice.id, bob.id) })).ok).toBe(true);
    expect(await a.log.next('message:read')).toMatchObject({ messageId: message.id, userId: bob.id });

    const shown = await http('GET', `${topology.url(1)}/api/messages?with=${bob.id}`, { token: alice.token });
    expect(shown.body.success).toBe(true);
    expect(shown.body.messages.map((m: { content: string }) => m.content).sort()).toEqual([
      'Hello Bob!',
      'Hi',
    ]);
    const synced = await b.ask('chat.sync', { conversationId: direct(alice.id, bob.id), after: 0 });
    expect((synced.messages as Message[]).map((m) => m.seq)).toEqual([1, 2]);
  });

  it('what is read on one device is read on the others, and every list says so', async () => {
    const [alice, bob] = await Promise.all([register(topology, 'alice'), register(topology, 'bob')]);
    await using stage = new Stage(topology);
    const [a, phone, laptop] = [
      await stage.native(alice, 0),
      await stage.native(bob, 0),
      await stage.native(bob, 1),
    ];
    const conversationId = direct(alice.id, bob.id);
    for (const content of ['one', 'two']) await a.ask('chat.send', { to: { userId: bob.id }, content });
    await until('both devices have both', () =>
      [phone, laptop].every((device) => device.log.count('message.created') === 2),
    );
    const listed = async () => {
      const { conversations } = await laptop.ask('chat.conversations', {});
      return (conversations as object[])[0];
    };
    expect(await listed()).toMatchObject({
      id: conversationId,
      unread: 2,
      readSeq: 0,
      lastMessage: { seq: 2, content: 'two' },
    });
    expect((await phone.ask('chat.read', { conversationId })).ok).toBe(true);
    for (const device of [laptop, phone, a]) {
      expect(await device.log.next('message.read')).toMatchObject({
        conversationId,
        readerId: bob.id,
        authorId: alice.id,
        upToSeq: 2,
      });
    }
    expect(await listed()).toMatchObject({ unread: 0, readSeq: 2 });
  });

  it('a retry after a lost ack is the same message', async () => {
    const [alice, bob] = await Promise.all([register(topology, 'alice'), register(topology, 'bob')]);
    await using stage = new Stage(topology);
    const [a, b] = [await stage.native(alice, 0), await stage.native(bob, 1)];
    const body = { to: { userId: bob.id }, content: 'once', clientMessageId: randomUUID() };
    const replies = await Promise.all(Array.from({ length: 20 }, () => a.ask('chat.send', body)));
    const ids = new Set(replies.map((reply) => (reply.message as Message)?.id));
    expect([...ids]).toHaveLength(1);
    await b.log.next('message.created');
    const history = await a.ask('chat.history', { conversationId: direct(alice.id, bob.id) });
    expect(history.messages).toHaveLength(1);
    expect(b.log.count('message.created')).toBe(1);
  });

  it('every acknowledged message of many at once is there, in order, without holes', async () => {
    const [alice, bob] = await Promise.all([register(topology, 'alice'), register(topology, 'bob')]);
    await using stage = new Stage(topology);
    const [a, b] = [await stage.native(alice, 0), await stage.native(bob, 1)];
    const sent = await Promise.all(
      [a, b].flatMap((from, side) =>
        Array.from({ length: 100 }, (_, n) =>
          from.ask('chat.send', { to: { userId: side ? alice.id : bob.id }, content: `${side}-${n}` }),
        ),
      ),
    );
    expect(sent.every((reply) => reply.ok)).toBe(true);
    const places = sent.map((reply) => (reply.message as Message).seq);
    const seqs = [...places].sort((x, y) => x - y);
    // Nobody waited for an answer, and yet each one's messages are in the order of sending.
    for (const own of [places.slice(0, 100), places.slice(100)]) {
      expect(own).toEqual([...own].sort((x, y) => x - y));
    }
    expect(seqs).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
    const all = await a.ask('chat.sync', { conversationId: direct(alice.id, bob.id), after: 0, limit: 200 });
    expect((all.messages as Message[]).map((m) => m.seq)).toEqual(seqs);
    await until('everything was delivered', () => b.log.count('message.created') === 100);
    const own = b.log.all
      .filter((r) => r.event === 'message.created')
      .map((r) => (r.args[0] as { message: Message }).message.seq);
    expect(own).toEqual([...own].sort((x, y) => x - y));
  });

  it('what one is not part of is not to be had', async () => {
    const [alice, bob, mallory] = await Promise.all(
      ['alice', 'bob', 'mallory'].map((n) => register(topology, n)),
    );
    if (!alice || !bob || !mallory) throw new Error('three people');
    await using stage = new Stage(topology);
    const [a, m] = [await stage.native(alice, 0), await stage.native(mallory, 1)];
    await a.ask('chat.send', { to: { userId: bob.id }, content: 'secret' });
    const conversationId = direct(alice.id, bob.id);
    const absent = direct('999998', '999999');
    for (const [event, more] of [
      ['chat.history', {}],
      ['chat.sync', { after: 0 }],
      ['chat.read', {}],
    ] as const) {
      const real = await m.ask(event, { conversationId, ...more });
      const none = await m.ask(event, { conversationId: absent, ...more });
      expect(real.ok).toBe(false);
      expect(real).toEqual(none);
    }
    expect(await m.ask('chat.send', { to: { userId: '999999' }, content: 'x' })).toMatchObject({
      ok: false,
      error: { code: 'USER_NOT_FOUND' },
    });
  });
});
