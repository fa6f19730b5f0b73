import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { range, TestNode } from '../testing/chat-harness.ts';

describe('rooms over REST', () => {
  let database: TestMongo;
  let node: TestNode;
  let url: string;
  const inRooms: Record<string, number[]> = {};
  beforeAll(async () => {
    database = await startTestMongo();
    node = await TestNode.start(database.database('rest'), { participants: () => inRooms });
    url = (await node.listen()).url;
  });
  afterAll(async () => {
    await node?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });

  async function ask(method: string, path: string, user?: number, body?: unknown, base = url) {
    const response = await fetch(`${base}/api/v1${path}`, {
      method,
      headers: {
        ...(user === undefined ? {} : { authorization: `Bearer ${user}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the server said.
    return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as any };
  }

  it('makes, shows, changes and deletes one', async () => {
    const made = await ask('POST', '/rooms', 1, { name: ' Planning ', kind: 'video' });
    const room = {
      id: made.body.room.id,
      name: 'Planning',
      description: '',
      kind: 'video',
      creator: { id: '1', username: 'user1', name: 'User 1' },
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      active: true,
    };
    expect(made).toEqual({ status: 201, body: { room } });
    const path = `/rooms/${room.id}`;
    expect(await ask('GET', path, 2)).toEqual({ status: 200, body: { room } });
    expect(await ask('PATCH', path, 1, { description: 'Mondays' })).toEqual({
      status: 200,
      body: { room: { ...room, description: 'Mondays' } },
    });
    expect(await ask('PATCH', path, 2, { name: 'Stolen' })).toMatchObject({
      status: 403,
      body: { error: { code: 'PERMISSION_DENIED', detail: 'not_creator' } },
    });
    expect((await ask('DELETE', path, 2)).status).toBe(403);
    expect(await ask('DELETE', path, 1)).toEqual({ status: 204, body: undefined });
    for (const [method, body] of [['GET'], ['PATCH', { name: 'x' }], ['DELETE']] as const) {
      expect(await ask(method, path, 1, body)).toMatchObject({
        status: 404,
        body: { error: { code: 'ROOM_NOT_FOUND' } },
      });
    }
  });

  it('lists, filters, searches and pages', async () => {
    for (const n of range(5))
      await ask('POST', '/rooms', 1, { name: `List ${n}`, kind: n > 3 ? 'video' : 'chat' });
    const names = (reply: { body: { rooms: { name: string }[] } }) =>
      reply.body.rooms.map(({ name }) => name);
    const first = await ask('GET', '/rooms?search=LIST&limit=2', 2);
    expect(first).toMatchObject({ status: 200, body: { total: 5, more: true } });
    expect(names(first)).toEqual(['List 1', 'List 2']);
    const second = await ask('GET', `/rooms?search=list&limit=3&after=${first.body.rooms[1].id}`, 2);
    expect([names(second), second.body.more]).toEqual([['List 3', 'List 4', 'List 5'], false]);
    expect(names(await ask('GET', '/rooms?kind=video&search=list', 2))).toEqual(['List 4', 'List 5']);
  });

  it('refuses what is not right, in the words of the vocabulary', async () => {
    const cases: [string, string, number | undefined, unknown, number][] = [
      ['GET', '/rooms', undefined, undefined, 401],
      ['POST', '/rooms', undefined, { name: 'x' }, 401],
      ['POST', '/rooms', 1, {}, 400],
      ['POST', '/rooms', 1, { name: '  ' }, 400],
      ['POST', '/rooms', 1, { name: 'a\u0000b' }, 400],
      ['POST', '/rooms', 1, { name: 'x'.repeat(101) }, 400],
      ['POST', '/rooms', 1, { name: { $gt: '' } }, 400],
      ['POST', '/rooms', 1, { name: 'x', kind: 'den' }, 400],
      ['POST', '/rooms', 1, { name: 'x', description: 'x'.repeat(2_001) }, 400],
      ['PATCH', '/rooms/1', 1, {}, 400],
      ['GET', '/rooms/abc', 1, undefined, 400],
      ['GET', '/rooms/0', 1, undefined, 400],
      ['GET', '/rooms/999999', 1, undefined, 404],
      ['GET', '/rooms/999999/participants', 1, undefined, 404],
      ['GET', '/rooms?kind=den', 1, undefined, 400],
      ['GET', `/rooms?search=${'x'.repeat(101)}`, 1, undefined, 400],
      ['GET', '/rooms?limit=0', 1, undefined, 400],
      ['GET', '/conversations/r:999999/messages', 1, undefined, 404],
      ['POST', '/conversations/r:999999/messages', 1, { content: 'x' }, 404],
    ];
    for (const [method, path, user, body, status] of cases) {
      const reply = await ask(method, path, user, body);
      expect([method, path, reply.status]).toEqual([method, path, status]);
      expect(reply.body.error.code).toEqual(expect.any(String));
    }
  });

  it('lets those write who take part, and everybody read', async () => {
    const { id } = (await ask('POST', '/rooms', 1, { name: 'Talk' })).body.room;
    const messages = `/conversations/r:${id}/messages`;
    expect(await ask('GET', `/rooms/${id}/participants`, 3)).toEqual({
      status: 200,
      body: { participants: [] },
    });
    expect(await ask('POST', messages, 1, { content: 'from outside' })).toMatchObject({
      status: 403,
      body: { error: { code: 'PERMISSION_DENIED' } },
    });
    inRooms[id] = [1, 2];
    const sent = await ask('POST', messages, 1, { content: 'from inside', clientMessageId: 'c' });
    expect(sent).toMatchObject({ status: 201, body: { message: { seq: 1, roomId: id, readBy: [] } } });
    expect((await ask('POST', messages, 1, { content: 'again', clientMessageId: 'c' })).status).toBe(200);
    expect((await ask('GET', messages, 3)).body).toEqual({ messages: [sent.body.message], more: false });
    const shown = await ask('GET', `/rooms/${id}/participants`, 3);
    expect(shown.body.participants).toMatchObject([
      { id: '1', name: 'User 1', socketId: 's1' },
      { id: '2', name: 'User 2', socketId: 's2' },
    ]);
    await ask('DELETE', `/rooms/${id}`, 1);
    expect((await ask('POST', messages, 1, { content: 'too late' })).status).toBe(404);
    expect((await ask('GET', messages, 1)).status).toBe(404);
  });

  it('reads without the signaling service, and does not guess who takes part', async () => {
    const alone = await TestNode.start(database.database('rest-alone'));
    try {
      const base = (await alone.listen()).url;
      const { id } = (await ask('POST', '/rooms', 1, { name: 'Alone' }, base)).body.room;
      await alone.say(1, id, 'over a socket');
      const messages = `/conversations/r:${id}/messages`;
      expect((await ask('GET', '/rooms', 1, undefined, base)).body.rooms).toHaveLength(1);
      expect((await ask('GET', messages, 1, undefined, base)).body.messages).toHaveLength(1);
      const refused = { status: 503, body: { error: { code: 'SERVICE_UNAVAILABLE', retryable: true } } };
      expect(await ask('POST', messages, 1, { content: 'x' }, base)).toMatchObject(refused);
      expect(await ask('GET', `/rooms/${id}/participants`, 1, undefined, base)).toMatchObject(refused);
    } finally {
      await alone[Symbol.asyncDispose]();
    }
  });
});
