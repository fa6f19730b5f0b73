import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { http } from '../harness/http.ts';
import { type Person, register } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

let topology: Topology;
let alice: Person;
let bob: Person;
let carol: Person;
beforeAll(async () => {
  topology = await allInOne({ RATE_LIMIT_MESSAGES: 'off' });
  [alice, bob, carol] = await Promise.all([
    register(topology, 'Alice'),
    register(topology, 'Bob'),
    register(topology, 'Carol'),
  ]);
});
afterAll(() => topology?.[Symbol.asyncDispose]());

const post = (path: string, body?: unknown, token?: string) =>
  http('POST', topology.url(0) + path, { body, ...(token ? { token } : {}) });
const get = (path: string, token?: string) => http('GET', topology.url(0) + path, token ? { token } : {});
const failure = (code: string) => ({
  success: false,
  error: expect.objectContaining({ code, message: expect.any(String) }),
});
const send = (from: Person, to: Person, content: string) =>
  post('/api/messages', { receiverId: to.id, content, type: 'text' }, from.token);
const contents = (reply: { body: { messages: { content: string }[] } }) =>
  reply.body.messages.map(({ content }) => content);

describe('logging in', () => {
  it.each(['email', 'username'] as const)(
    'POST /api/auth/login by %s gives the superset reply',
    async (by) => {
      const { status, body } = await post('/api/auth/login', { [by]: alice[by], password: alice.password });
      expect(status).toBe(200);
      expect(body).toMatchObject({
        message: expect.any(String),
        token: expect.any(String),
        refreshToken: expect.any(String),
      });
      expect(body.accessToken).toBe(body.token);
      const { id, username, email, name } = alice;
      expect(body.user).toEqual({ id, _id: id, username, email, name });
    },
  );

  it('POST /api/login repeats the reply under data', async () => {
    const { data, ...reply } = (await post('/api/login', { email: alice.email, password: alice.password }))
      .body;
    expect(data).toEqual(reply);
    expect(reply).toMatchObject({
      success: true,
      token: expect.any(String),
      user: { id: alice.id, name: 'Alice' },
    });
  });

  it('says no in the words of the path', async () => {
    const wrong = { email: alice.email, password: 'not-it' };
    expect(await post('/api/login', wrong)).toMatchObject({ status: 401, body: failure('UNAUTHORIZED') });
    expect(await post('/api/auth/login', wrong)).toMatchObject({
      status: 401,
      body: { message: 'Invalid credentials', error: 'Invalid credentials' },
    });
  });
});

describe('POST and GET /api/messages', () => {
  it('answers with the envelopes of the document', async () => {
    const sent = await send(alice, bob, 'Hello');
    expect([200, 201]).toContain(sent.status);
    expect(sent.body).toMatchObject({
      success: true,
      message: {
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
        senderId: alice.id,
        senderName: 'Alice',
        receiverId: bob.id,
        content: 'Hello',
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        type: 'text',
        readBy: [],
      },
    });
    for (const reader of [alice, bob]) {
      const { status, body } = await get('/api/messages', reader.token);
      expect([status, body]).toEqual([200, { success: true, messages: [sent.body.message] }]);
    }
    expect((await get('/api/messages', carol.token)).body).toEqual({ success: true, messages: [] });
  });

  it('never believes a senderId, takes numbers for ids, types of the model and every spelling of the receiver', async () => {
    for (const target of ['receiverId', 'recipientId', 'targetUserId', 'to']) {
      const { body } = await post(
        '/api/messages',
        { [target]: Number(bob.id), senderId: carol.id, content: target, type: 'file' },
        alice.token,
      );
      expect(body.message).toMatchObject({ senderId: alice.id, receiverId: bob.id, type: 'file' });
    }
  });

  it('pages: newest 50 by default, ?limit, ?with, ?before an id or a time', async () => {
    const [dan, eve] = await Promise.all([register(topology, 'Dan'), register(topology, 'Eve')]);
    const sent: { id: string; timestamp: string }[] = [];
    for (let n = 0; n < 55; n += 1) sent.push((await send(dan, eve, String(n))).body.message);
    await send(dan, bob, 'to bob');
    const all = contents(await get('/api/messages', dan.token));
    expect(all).toHaveLength(50);
    expect([all[0], all[48], all[49]]).toEqual(['6', '54', 'to bob']);
    const withEve = await get(`/api/messages?with=${eve.id}&limit=3`, dan.token);
    expect(contents(withEve)).toEqual(['52', '53', '54']);
    for (const before of [sent[52]?.id, sent[52]?.timestamp]) {
      const older = await get(`/api/messages?with=${eve.id}&limit=2&before=${before}`, dan.token);
      expect(contents(older)).toEqual(['50', '51']);
    }
    expect(contents(await get(`/api/messages?before=${sent[2]?.id}`, dan.token))).toEqual(['0', '1']);
  });

  it('keeps a message of somebody else from serving as a cursor, and bad queries out', async () => {
    const { id } = (await send(alice, bob, 'private')).body.message;
    for (const query of [
      `before=${id}`,
      `before=${randomUUID()}`,
      'before=yesterday',
      'limit=0',
      'limit=x',
      'with=x',
    ]) {
      const reply = await get(`/api/messages?${query}`, carol.token);
      expect([reply.status, reply.body]).toMatchObject([400, failure('INVALID_DATA')]);
    }
  });

  it('refuses in the envelope: 401, 404, 400, with matching codes', async () => {
    expect(await get('/api/messages')).toMatchObject({ status: 401, body: failure('UNAUTHORIZED') });
    expect(await get('/api/messages', 'garbage')).toMatchObject({
      status: 401,
      body: failure('UNAUTHORIZED'),
    });
    const nobody = await post('/api/messages', { receiverId: '999999', content: 'x' }, alice.token);
    expect(nobody).toMatchObject({ status: 404, body: failure('USER_NOT_FOUND') });
    for (const body of [
      {},
      { receiverId: bob.id },
      { receiverId: bob.id, content: '   ' },
      { receiverId: bob.id, content: 7 },
      { receiverId: { $gt: '' }, content: 'x' },
      { receiverId: bob.id, content: 'x', type: 'virus' },
      { receiverId: bob.id, content: 'é'.repeat(4096) },
    ]) {
      const reply = await post('/api/messages', body, alice.token);
      expect([reply.status, reply.body]).toMatchObject([400, failure('INVALID_DATA')]);
    }
    expect(
      (await post('/api/messages', { receiverId: bob.id, content: 'x'.repeat(8190) }, alice.token)).body
        .success,
    ).toBe(true);
  });

  it('relays markup as it was written; the envelope is JSON', async () => {
    const content = '<script>alert("x")</script> & \u2028 \0 💬';
    const reply = await send(alice, carol, content);
    expect(reply.body.message.content).toBe(content);
    expect(reply.headers.get('content-type')).toMatch(/^application\/json/);
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('GET /api/users', () => {
  it('is [{id, name, email}]', async () => {
    const { status, body } = await get('/api/users', alice.token);
    expect(status).toBe(200);
    expect(body).toContainEqual({ id: bob.id, name: 'Bob', email: bob.email });
    expect(JSON.stringify(body)).not.toMatch(/password|hash/i);
    expect(await get('/api/users')).toMatchObject({ status: 401, body: failure('UNAUTHORIZED') });
  });
});
