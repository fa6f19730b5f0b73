import type { RoomId } from '@switchboard/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestUser } from '../testing/accounts.ts';
import { eventually } from '../testing/eventually.ts';
import { openRaw, type RawClient } from '../testing/raw-client.ts';
import type { TestClient } from '../testing/test-client.ts';
import { startTestMongo, startTestNode, type TestNode } from '../testing/test-node.ts';

let mongo: Awaited<ReturnType<typeof startTestMongo>>;
let node: TestNode;
let raws: RawClient[];
let alice: TestUser;
let bob: TestUser;
let carol: TestUser;
let roomId: RoomId;

beforeAll(async () => {
  mongo = await startTestMongo();
});
afterAll(async () => {
  await mongo[Symbol.asyncDispose]();
});
beforeEach(async () => {
  node = await startTestNode({ mongo });
  raws = [];
  [alice, bob, carol] = [node.accounts.user('alice'), node.accounts.user('bob'), node.accounts.user('carol')];
  roomId = node.chat.room('Lobby').id;
});
afterEach(async () => {
  for (const { ws } of raws) ws.terminate();
  await node[Symbol.asyncDispose]();
});

async function native(user: TestUser): Promise<TestClient> {
  const client = await node.client(user, { auth: { dialect: 'native' } });
  expect(await client.ask('room.join', { roomId })).toMatchObject({ ok: true });
  return client;
}
async function rooms(user: TestUser): Promise<TestClient> {
  const client = await node.client(user);
  expect(await client.ask('join-room', roomId)).toMatchObject({ ok: true });
  return client;
}
async function channels(user: TestUser): Promise<RawClient> {
  const client = await openRaw(node.url, `/ws/chat/${roomId}/`, {
    headers: { authorization: `Bearer ${user.token()}` },
  });
  raws.push(client);
  return client;
}
/** Answers come after what was sent before them. */
const nothingOf = async (client: TestClient, event: string): Promise<void> => {
  await client.settled();
  expect(client.all(event)).toEqual([]);
};
const names = (payload: unknown): unknown[] =>
  (payload as { readonly participants: { readonly name: string }[] }).participants.map(({ name }) => name);

describe('a message in a room', () => {
  it('comes to everybody there in their words, and to the sender where it is no ack', async () => {
    await alice.become({ email: 'alice@example.org' });
    const [mine, other, theirs, raw] = [
      await native(alice),
      await native(alice),
      await rooms(bob),
      await channels(carol),
    ];
    const outside = await node.client(carol, { auth: { dialect: 'native' } });
    const sent = await mine.ask('chat.send', { to: { roomId }, content: 'hello' });
    expect(sent).toMatchObject({ ok: true, message: { roomId, seq: 1 } });
    expect(await theirs.hears('new-message')).toMatchObject({ roomId, content: 'hello', senderId: alice.id });
    expect(await other.hears('message.created')).toMatchObject({ message: { content: 'hello', roomId } });
    const shown = await raw.hears(({ content }) => content === 'hello');
    expect(shown).toMatchObject({ id: 1, user: { id: Number(alice.id), email: 'alice@example.org' } });

    await theirs.ask('send-message', { roomId, content: 'back' });
    await theirs.hears('new-message', ({ content }) => content === 'back');
    await mine.hears('message.created', ({ message }) => (message as { content: string }).content === 'back');
    raw.say({ content: 'from afar' });
    await raw.hears(({ content }) => content === 'from afar');
    await theirs.hears('new-message', ({ content }) => content === 'from afar');
    const heard = mine.all('message.created').map(({ message }) => (message as { content: string }).content);
    expect(heard).not.toContain('hello');
    await nothingOf(outside, 'message.created');
  });

  it('is said from within only', async () => {
    const client = await node.client(alice, { auth: { dialect: 'native' } });
    const send = (to: string) => client.ask('chat.send', { to: { roomId: to }, content: 'hi' });
    expect(await send(roomId)).toMatchObject({ ok: false, error: { code: 'PERMISSION_DENIED' } });
    expect(await send('77')).toMatchObject({ ok: false, error: { code: 'ROOM_NOT_FOUND' } });
    const typing = (to: string) => client.ask('chat.typing', { to: { roomId: to }, active: true });
    expect(await typing(roomId)).toMatchObject({ ok: false, error: { code: 'PERMISSION_DENIED' } });
    expect(await typing('77')).toMatchObject({ ok: false, error: { code: 'ROOM_NOT_FOUND' } });
    expect(node.chat.messages).toEqual([]);
    await client.ask('room.join', { roomId });
    expect(await send(roomId)).toMatchObject({ ok: true });
    await client.ask('room.leave', { roomId });
    expect(await send(roomId)).toMatchObject({ ok: false, error: { code: 'PERMISSION_DENIED' } });
  });

  it('may follow the join at once', async () => {
    const hearing = await native(bob);
    const client = await node.client(alice);
    client.socket.emit('join-room', roomId);
    client.socket.emit('send-message', { roomId, content: 'early' });
    await hearing.hears('message.created');
    await client.hears('new-message');
    expect(client.all('error')).toEqual([]);
  });

  it('goes out while nobody can say its sender’s address', async () => {
    const [mine, raw] = [await native(alice), await channels(bob)];
    node.accounts.away = true;
    await alice.become({ email: 'alice@example.org' });
    await mine.ask('chat.send', { to: { roomId }, content: 'hello' });
    expect(await raw.hears(({ content }) => content === 'hello')).toMatchObject({ user: { email: '' } });
    node.accounts.away = false;
  });
});

describe('in a room', () => {
  it('typing is seen by the others, and by nobody else', async () => {
    const [mine, theirs, words] = [await native(alice), await native(bob), await rooms(carol)];
    const outside = await node.client(carol, { auth: { dialect: 'native' } });
    await mine.ask('chat.typing', { to: { roomId }, active: true });
    expect(await theirs.hears('typing')).toMatchObject({ roomId, active: true, from: { id: alice.id } });
    for (const client of [mine, words, outside]) await nothingOf(client, 'typing');
  });

  it('signals cross from vocabulary to vocabulary', async () => {
    const [mine, theirs, raw] = [await native(alice), await rooms(bob), await channels(carol)];
    const offer = { type: 'offer', sdp: 'v=0 mine' };
    await mine.ask('room.signal', { roomId, signal: { kind: 'offer', payload: offer } });
    expect(await theirs.hears('webrtc-offer')).toMatchObject({ from: alice.id, roomId, offer });
    expect(await raw.hears(({ type }) => type === 'webrtc-offer')).toMatchObject({
      sender_id: Number(alice.id),
    });
    raw.say({ type: 'webrtc-hangup' });
    expect(await theirs.hears('call-ended')).toMatchObject({ from: carol.id, roomId, reason: 'hangup' });
    const answer = { type: 'answer', sdp: 'v=0 theirs' };
    await theirs.ask('webrtc-answer', { roomId, to: carol.id, answer });
    expect(await raw.hears(({ type }) => type === 'webrtc-answer')).toMatchObject({ answer });
    await mine.hears('room.signal', ({ signal }) => (signal as { kind: string }).kind === 'hangup');
    expect(mine.all('room.signal')).toHaveLength(1);
  });

  it('the list follows who comes, goes and is renamed', async () => {
    const [mine, theirs] = [await native(alice), await rooms(bob)];
    await theirs.hears('room-participants', (list) => (list as unknown as unknown[]).length === 2);
    expect(await mine.hears('room.joined')).toMatchObject({ roomId, participant: { id: bob.id } });
    await bob.become({ name: 'Bob Anew' });
    await mine.hears('room.participants', (list) => names(list).includes('Bob Anew'));
    await theirs[Symbol.asyncDispose]();
    await mine.hears('room.left', ({ participant }) => (participant as { id: string }).id === bob.id);
    await eventually(() => names(mine.all('room.participants').at(-1)).length === 1);
  });

  it('who is banned leaves with all sockets', async () => {
    const mine = await native(alice);
    await rooms(bob);
    await channels(bob);
    await mine.hears('room.participants', (list) => names(list).length === 2);
    await bob.revoke('banned');
    await mine.hears('room.left', ({ participant }) => (participant as { id: string }).id === bob.id);
    await eventually(async () => (await node.roomPresence.membersOf(roomId, Date.now())).length === 1);
  });
});

describe('a room', () => {
  it('that changed is told to those in it who have a word for it', async () => {
    const mine = await native(alice);
    node.chat.rename(roomId, 'Parlour');
    expect(await mine.hears('room.updated')).toMatchObject({ room: { id: roomId, name: 'Parlour' } });
  });

  it('that was deleted is left by everybody', async () => {
    const [mine, theirs, raw] = [await native(alice), await rooms(bob), await channels(carol)];
    await theirs.hears('room-participants', (list) => (list as unknown as unknown[]).length === 3);
    node.chat.delete(roomId);
    expect(await mine.hears('room.deleted')).toMatchObject({ roomId });
    await theirs.hears('room-participants', (list) => (list as unknown as unknown[]).length === 0);
    expect(await raw.closed).toMatchObject({ code: 4404 });
    expect(await theirs.ask('send-message', { roomId, content: 'anybody?' })).toMatchObject({
      error: { code: 'ROOM_NOT_FOUND' },
    });
    expect(await mine.ask('room.join', { roomId })).toMatchObject({ error: { code: 'ROOM_NOT_FOUND' } });
    expect(await node.roomPresence.membersOf(roomId, Date.now())).toEqual([]);
  });
});
