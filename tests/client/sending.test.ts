import type { Message } from '@switchboard/client';
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

describe('messages sent with the client', () => {
  it('are acknowledged exactly once and arrive in order though the server is killed among them', async () => {
    await using clients = new Clients(topology);
    const [alice, bob] = [await clients.newcomer('Alice'), await clients.newcomer('Bob')];
    const received: Message[] = [];
    bob.client.on('message', (message) => received.push(message));

    const to = { userId: bob.person.id };
    const contents = Array.from({ length: 200 }, (_, n) => `message ${n}`);
    let acknowledged = 0;
    const sending = contents.map(async (content) => {
      const sent = await alice.client.chat.sendMessage(to, content);
      acknowledged += 1;
      return sent;
    });
    await until('some are acknowledged', () => acknowledged >= 50, 20_000);
    expect(acknowledged).toBeLessThan(200);
    await topology.crash();

    const sent = await Promise.all(sending);
    expect(sent.map(({ seq }) => seq)).toEqual(contents.map((_, n) => n + 1));
    await until('everything arrived', () => received.length >= 200, 15_000);
    expect(received.map(({ content }) => content)).toEqual(contents);
    expect(received.map(({ id }) => id)).toEqual(sent.map(({ id }) => id));
    const { messages } = await bob.client.chat.history(
      bob.client.chat.conversationId({ userId: alice.person.id }),
      {
        limit: 200,
      },
    );
    expect(messages.map(({ id }) => id)).toEqual(sent.map(({ id }) => id));
  }, 60_000);

  it('are stored once when the ack is lost, and the sender learns their place', async () => {
    await using clients = new Clients(topology);
    await using line = await FlakyLine.to(topology.url(0));
    const [alice, bob] = [await clients.newcomer('Alice', { url: line.url }), await clients.newcomer('Bob')];
    const received: Message[] = [];
    bob.client.on('message', (message) => received.push(message));

    line.swallowReplies();
    const sending = alice.client.chat.sendMessage({ userId: bob.person.id }, 'heard, but not said');
    await until('it is stored', () => received.length === 1);
    line.passReplies();
    line.cut();
    const sent = await sending;
    expect(sent).toMatchObject({ id: received[0]?.id, seq: 1, duplicate: true });
    expect((await alice.client.chat.sendMessage({ userId: bob.person.id }, 'the next')).seq).toBe(2);
    await until('the next arrived', () => received.length >= 2);
    expect(received.map(({ content }) => content)).toEqual(['heard, but not said', 'the next']);
  });

  it('reach a receiver who was away, in order and without a gap, its own included', async () => {
    await using clients = new Clients(topology);
    await using line = await FlakyLine.to(topology.url(0));
    const alice = await clients.newcomer('Alice');
    const bob = await clients.newcomer('Bob', { url: line.url });
    const seen: number[] = [];
    bob.client.on('message', ({ seq }) => seen.push(seq));
    const toBob = { userId: bob.person.id };
    await bob.client.chat.sendMessage({ userId: alice.person.id }, 'my own');
    await alice.client.chat.sendMessage(toBob, 'while you are there');
    await until('both are seen', () => seen.length === 2);

    // Nothing arrives any more, and more than one page is missed.
    line.swallowReplies();
    await Promise.all(
      Array.from({ length: 230 }, (_, n) => alice.client.chat.sendMessage(toBob, `missed ${n}`)),
    );
    line.passReplies();
    line.cut();
    await alice.client.chat.sendMessage(toBob, 'and back');
    await until('all are seen', () => seen.length >= 233, 15_000);
    expect(seen).toEqual(Array.from({ length: 233 }, (_, n) => n + 1));
  }, 30_000);

  it('a conversation that began while one was away comes from its first message on', async () => {
    await using clients = new Clients(topology);
    await using line = await FlakyLine.to(topology.url(0));
    const alice = await clients.newcomer('Alice');
    const bob = await clients.newcomer('Bob', { url: line.url });
    const seen: string[] = [];
    bob.client.on('message', ({ content }) => seen.push(content));
    // Caught up once, so that it is known what there was before.
    const carol = await clients.newcomer('Carol');
    await carol.client.chat.sendMessage({ userId: bob.person.id }, 'you are listening');
    await until('it is heard', () => seen.length === 1);

    line.swallowReplies();
    for (const content of ['one', 'two'])
      await alice.client.chat.sendMessage({ userId: bob.person.id }, content);
    line.passReplies();
    line.cut();
    await until('both are seen', () => seen.length >= 3);
    expect(seen).toEqual(['you are listening', 'one', 'two']);
  });

  it('go on from a position that the application kept', async () => {
    await using clients = new Clients(topology);
    const [alice, bob] = [await clients.newcomer('Alice'), await clients.newcomer('Bob')];
    const toBob = { userId: bob.person.id };
    for (let n = 1; n <= 5; n += 1) await alice.client.chat.sendMessage(toBob, `message ${n}`);
    const conversation = bob.client.chat.conversationId({ userId: alice.person.id });
    bob.client.disconnect();

    const later = clients.unconnected({ positions: { [conversation]: 3 } });
    const seen: number[] = [];
    later.on('message', ({ seq }) => seen.push(seq));
    await later.logIn(bob.person.username, bob.person.password);
    await later.connect();
    await until('the rest is seen', () => seen.length >= 2);
    expect(seen).toEqual([4, 5]);
    expect(later.chat.positions()).toMatchObject({ [conversation]: 5 });
  });

  it('that are refused do not hold up the others; that are given up are not sent', async () => {
    await using clients = new Clients(topology);
    const [alice, bob] = [await clients.newcomer('Alice'), await clients.newcomer('Bob')];
    const to = { userId: bob.person.id };
    const given = AbortSignal.abort();
    const [fine, tooLong, unwanted, after] = await Promise.allSettled([
      alice.client.chat.sendMessage(to, 'fine'),
      alice.client.chat.sendMessage(to, 'x'.repeat(9000)),
      alice.client.chat.sendMessage(to, 'unwanted', { signal: given }),
      alice.client.chat.sendMessage(to, 'after'),
    ]);
    expect(fine).toMatchObject({ status: 'fulfilled', value: { seq: 1 } });
    expect(tooLong).toMatchObject({ status: 'rejected', reason: { code: 'INVALID_DATA', retryable: false } });
    expect(unwanted).toMatchObject({ status: 'rejected', reason: { code: 'ABORTED' } });
    expect(after).toMatchObject({ status: 'fulfilled', value: { seq: 2 } });
  });
});
