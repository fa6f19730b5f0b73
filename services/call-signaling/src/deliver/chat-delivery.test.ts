import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { startTestMongo, startTestNode, type TestNode } from '../testing/test-node.ts';

let mongo: Awaited<ReturnType<typeof startTestMongo>>;
let node: TestNode;
beforeAll(async () => {
  mongo = await startTestMongo();
});
afterAll(async () => {
  await mongo[Symbol.asyncDispose]();
});
beforeEach(async () => {
  node = await startTestNode({ mongo });
});
afterEach(async () => {
  await node[Symbol.asyncDispose]();
});
const native = { auth: { dialect: 'native' } };
const jitsi = { auth: { dialect: 'jitsi' } };
const peer = { auth: { dialect: 'peer' } };

describe('a message', () => {
  it('reaches every device of the receiver and the sender’s others, each in its words, and not the sending one', async () => {
    const [alice, bob] = [node.accounts.user('alice'), node.accounts.user('bob')];
    const sending = await node.client(alice, native);
    const other = await node.client(alice, jitsi);
    const theirs = [
      await node.client(bob, jitsi),
      await node.client(bob, native),
      await node.client(bob, peer),
    ];
    for (const client of [other, ...theirs.slice(0, 1)]) await client.hears('connected');
    await eventually(async () => (await node.presence.devicesOf(bob.id, Date.now())).length === 3);

    const answer = await sending.ask('chat.send', {
      to: { userId: bob.id },
      content: 'hello',
      clientMessageId: 'm1',
    });
    expect(answer).toMatchObject({ ok: true, duplicate: false, message: { seq: 1, content: 'hello' } });
    const { id } = answer.message as { id: string };
    const shown = {
      id,
      senderId: alice.id,
      senderName: 'alice of the tests',
      receiverId: bob.id,
      content: 'hello',
      type: 'text',
    };
    expect(await theirs[0]?.hears('message')).toMatchObject(shown);
    expect(await other.hears('message')).toMatchObject(shown);
    expect(await theirs[1]?.hears('message.created')).toMatchObject({ message: { id, seq: 1 } });
    expect(await sending.hears('message.delivered')).toMatchObject({ messageId: id });
    expect(node.chat.delivered).toEqual([id]);
    expect(sending.all('message.created')).toEqual([]);

    const again = await sending.ask('chat.send', {
      to: { userId: bob.id },
      content: 'hello',
      clientMessageId: 'm1',
    });
    expect(again).toMatchObject({ ok: true, duplicate: true, message: { id } });
  });

  it('counts as delivered only when a device with a word for it was there', async () => {
    const [alice, bob] = [node.accounts.user(), node.accounts.user()];
    const sending = await node.client(alice, jitsi);
    const deaf = await node.client(bob, peer);
    await deaf.hears('users');
    await sending.ask('message', { to: bob.id, content: 'unheard' });
    const hearing = await node.client(bob, jitsi);
    await hearing.hears('connected');
    await eventually(async () => (await node.presence.devicesOf(bob.id, Date.now())).length === 2);
    await sending.ask('message', { to: bob.id, content: 'heard' });
    await hearing.hears('message', ({ content }) => content === 'heard');
    await eventually(() => node.chat.delivered.length > 0);
    expect(node.chat.delivered).toEqual([node.chat.messages[1]?.id]);
  });

  it('keeps being recorded as delivered when chat was away for a while', async () => {
    const [alice, bob] = [node.accounts.user(), node.accounts.user()];
    const [sending, hearing] = [await node.client(alice, jitsi), await node.client(bob, jitsi)];
    await eventually(async () => (await node.presence.devicesOf(bob.id, Date.now())).length === 1);
    await sending.ask('message', { to: bob.id, content: 'hi' });
    node.chat.away = true;
    await hearing.hears('message');
    await eventually(() => node.logged.some((line) => line.includes('deliveries not recorded')));
    node.chat.away = false;
    await eventually(() => node.chat.delivered.length === 1);
  });

  it('to oneself comes once to the other devices', async () => {
    const alice = node.accounts.user();
    const [sending, other] = [await node.client(alice, jitsi), await node.client(alice, jitsi)];
    await eventually(async () => (await node.presence.devicesOf(alice.id, Date.now())).length === 2);
    await sending.ask('message', { to: alice.id, content: 'note' });
    await sending.ask('message', { to: alice.id, content: 'more' });
    await other.hears('message', ({ content }) => content === 'more');
    expect(other.all('message')).toHaveLength(2);
    expect(sending.all('message')).toEqual([]);
  });

  it('that was read is told to its author and the reader’s devices', async () => {
    const [alice, bob] = [node.accounts.user(), node.accounts.user()];
    const [writing, reading] = [await node.client(alice, jitsi), await node.client(bob, native)];
    await eventually(async () => (await node.presence.online(Date.now())).length === 2);
    const { message } = await writing.ask('message', { to: bob.id, content: 'hi' });
    const { id } = message as { id: string };
    expect(await reading.ask('chat.read', { messageIds: [id] })).toMatchObject({ ok: true, upToSeq: 1 });
    expect(await writing.hears('message:read')).toMatchObject({
      messageId: id,
      userId: bob.id,
      readBy: [bob.id],
      readAt: expect.any(String),
    });
    expect(await reading.hears('message.read')).toMatchObject({ messageIds: [id], authorId: alice.id });
  });
});

describe('typing', () => {
  it('goes to the one written to, repeats are swallowed, strangers do not exist', async () => {
    const [alice, bob] = [node.accounts.user('alice'), node.accounts.user('bob')];
    const [mine, theirs] = [await node.client(alice, jitsi), await node.client(bob, native)];
    await eventually(async () => (await node.presence.online(Date.now())).length === 2);
    for (let key = 0; key < 5; key += 1) await mine.ask('typing:start', { to: bob.id });
    await mine.ask('typing:stop', { to: bob.id });
    await theirs.hears('typing', ({ active }) => active === false);
    expect(theirs.all('typing')).toMatchObject([
      { active: true, from: { id: alice.id, username: 'alice' }, conversationId: 'd:1:2' },
      { active: false },
    ]);
    expect(await mine.ask('typing:start', { to: '999' })).toMatchObject({
      error: { code: 'USER_NOT_FOUND' },
    });
    expect(mine.all('typing:start')).toEqual([]);
  });
});
