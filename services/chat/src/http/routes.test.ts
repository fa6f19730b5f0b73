import { randomUUID } from 'node:crypto';
import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { range, TestNode, until } from '../testing/chat-harness.ts';

type Shown = { id: string; content: string; timestamp: string };

describe('chat over HTTP', () => {
  let database: TestMongo;
  let node: TestNode;
  let url: string;
  beforeAll(async () => {
    database = await startTestMongo();
    node = await TestNode.start(database.database('http'), { unknown: ['404'] });
    url = (await node.listen()).url;
  });
  afterAll(async () => {
    await node?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });

  async function ask(method: string, path: string, user?: number, body?: unknown) {
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(user === undefined ? {} : { authorization: `Bearer ${user}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the server said.
    return { status: response.status, body: (await response.json()) as any };
  }

  it('sends and lists in the shape of the jitsi document', async () => {
    const sent = await ask('POST', '/api/messages', 1, {
      receiverId: '2',
      content: 'Message content',
      type: 'text',
    });
    expect(sent.status).toBe(201);
    expect(sent.body).toMatchObject({
      success: true,
      message: {
        senderId: '1',
        senderName: 'User 1',
        receiverId: '2',
        content: 'Message content',
        type: 'text',
      },
    });
    expect(new Date(sent.body.message.timestamp).toISOString()).toBe(sent.body.message.timestamp);
    const listed = await ask('GET', '/api/messages', 2);
    expect(listed).toMatchObject({ status: 200, body: { success: true, messages: [sent.body.message] } });
    expect((await ask('GET', '/api/messages?with=1', 2)).body.messages).toHaveLength(1);
    expect((await ask('GET', '/api/messages?with=77', 2)).body).toEqual({ success: true, messages: [] });
    expect((await ask('GET', '/api/messages', 77)).body).toEqual({ success: true, messages: [] });
  });

  it('walks a jitsi client through all its conversations by message id, each message once', async () => {
    // At once, so that many conversations have messages of one and the same moment.
    const sent = await Promise.all(
      range(90).map((n) => {
        const other = 40 + (n % 25);
        return n % 2 ? node.send(30, other, `m${n}`) : node.send(other, 30, `m${n}`);
      }),
    );
    const ids = new Set<string>(sent.map(({ message }) => message.id));
    expect(new Set(sent.map(({ message }) => message.createdAt)).size).toBeLessThan(60);
    await until(
      'all are listed',
      async () => (await ask('GET', '/api/messages?limit=200', 30)).body.messages.length === 90,
    );
    const seen: Shown[] = [];
    for (
      let page = (await ask('GET', '/api/messages?limit=7', 30)).body.messages as Shown[];
      page.length > 0;
    ) {
      expect(page.map(({ timestamp }) => timestamp)).toEqual(
        page.map(({ timestamp }) => timestamp).toSorted(),
      );
      seen.unshift(...page);
      page = (await ask('GET', `/api/messages?limit=7&before=${page[0]?.id}`, 30)).body.messages;
    }
    expect(seen).toHaveLength(90);
    expect(new Set(seen.map(({ id }) => id))).toEqual(ids);
    expect(seen.map(({ timestamp }) => timestamp)).toEqual(seen.map(({ timestamp }) => timestamp).toSorted());
  });

  it('walks one conversation by timestamps, each message once, also when all came at one moment', async () => {
    await Promise.all(range(60).map((n) => node.send(61, 62, `m${n}`)));
    const seen: string[] = [];
    let before = '';
    for (;;) {
      const { body } = await ask('GET', `/api/messages?with=61&limit=9${before}`, 62);
      const page = body.messages as Shown[];
      if (page.length === 0) break;
      seen.unshift(...page.map(({ content }) => content));
      before = `&before=${encodeURIComponent(page[0]?.timestamp ?? '')}`;
    }
    expect(seen).toEqual(range(60).map((n) => `m${n}`));
  });

  it('answers the native routes', async () => {
    const body = { content: 'hello', clientMessageId: randomUUID() };
    const first = await ask('POST', '/api/v1/conversations/d:70:71/messages', 70, body);
    expect(first).toMatchObject({
      status: 201,
      body: { duplicate: false, message: { seq: 1, contentType: 'text' } },
    });
    const again = await ask('POST', '/api/v1/conversations/d:70:71/messages', 70, body);
    expect(again).toMatchObject({ status: 200, body: { duplicate: true, message: first.body.message } });
    await ask('POST', '/api/v1/conversations/d:70:71/messages', 71, { content: 'hi' });
    const path = '/api/v1/conversations/d:70:71/messages';
    expect((await ask('GET', path, 71)).body).toMatchObject({
      messages: [{ seq: 1 }, { seq: 2 }],
      more: false,
    });
    expect((await ask('GET', `${path}?after=1`, 71)).body).toMatchObject({
      messages: [{ seq: 2 }],
      more: false,
    });
    expect((await ask('GET', `${path}?before=2&limit=1`, 71)).body).toMatchObject({
      messages: [{ seq: 1 }],
      more: false,
    });
    expect((await ask('GET', '/api/v1/conversations', 71)).body.conversations).toMatchObject([
      { id: 'd:70:71', lastSeq: 2, unread: 1, with: { id: '70' } },
    ]);
  });

  it('refuses in the words of the dialect', async () => {
    const jitsi = (code: string) => ({ success: false, error: { code } });
    const native = (code: string) => ({ error: { code } });
    const { message } = await node.send(1, 2, 'secret');
    const path = '/api/v1/conversations/d:1:2/messages';
    for (const [method, at, user, body, status, shape] of [
      ['GET', '/api/messages', undefined, undefined, 401, jitsi('UNAUTHORIZED')],
      ['POST', '/api/messages', 1, {}, 400, jitsi('INVALID_DATA')],
      ['POST', '/api/messages', 1, '{"receiverId":', 400, jitsi('INVALID_DATA')],
      ['POST', '/api/messages', 1, { receiverId: { $gt: '' }, content: 'x' }, 400, jitsi('INVALID_DATA')],
      ['POST', '/api/messages', 1, { receiverId: '2', content: ['x'] }, 400, jitsi('INVALID_DATA')],
      [
        'POST',
        '/api/messages',
        1,
        { receiverId: '2', content: 'x'.repeat(9_000) },
        400,
        jitsi('INVALID_DATA'),
      ],
      ['POST', '/api/messages', 1, { receiverId: '404', content: 'x' }, 404, jitsi('USER_NOT_FOUND')],
      ['GET', '/api/messages?before=yesterday', 1, undefined, 400, jitsi('INVALID_DATA')],
      ['GET', `/api/messages?before=${message.id}`, 3, undefined, 400, jitsi('INVALID_DATA')],
      ['GET', `/api/messages?before=${randomUUID()}`, 3, undefined, 400, jitsi('INVALID_DATA')],
      ['GET', '/api/messages?limit=-1', 1, undefined, 400, jitsi('INVALID_DATA')],
      ['GET', '/api/messages?with[$gt]=1', 1, undefined, 200, { success: true }],
      ['DELETE', '/api/messages', 1, undefined, 405, jitsi('METHOD_NOT_ALLOWED')],
      ['GET', path, 3, undefined, 403, native('PERMISSION_DENIED')],
      ['GET', '/api/v1/conversations/d:801:802/messages', 3, undefined, 403, native('PERMISSION_DENIED')],
      ['POST', path, 3, { content: 'x' }, 403, native('PERMISSION_DENIED')],
      ['POST', '/api/v1/conversations/d:2:1/messages', 1, { content: 'x' }, 403, native('PERMISSION_DENIED')],
      ['POST', '/api/v1/conversations/r:1/messages', 1, { content: 'x' }, 404, native('ROOM_NOT_FOUND')],
      ['GET', '/api/v1/conversations/nonsense/messages', 1, undefined, 400, native('INVALID_DATA')],
      ['GET', `${path}?before=1&after=1`, 1, undefined, 400, native('INVALID_DATA')],
      ['POST', path, 1, { content: '   ' }, 400, native('INVALID_DATA')],
    ] as const) {
      const reply = await ask(method, at, user, body);
      expect(reply, `${method} ${at} ${JSON.stringify(body)?.slice(0, 50)}`).toMatchObject({
        status,
        body: shape,
      });
    }
  });
});
