import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpReply, http } from '../harness/http.ts';
import { RawClient } from '../harness/raw-client.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

let topology: Topology;
beforeAll(async () => {
  topology = await allInOne({ RATE_LIMIT_ROOMS: 'off' });
});
afterAll(() => topology?.[Symbol.asyncDispose]());

const ask = (method: string, path: string, body?: unknown, token?: string) =>
  http(method, topology.url(0) + path, { body, ...(token ? { token } : {}) });
const said = ({ status, body }: HttpReply) => [status, body];

interface Member {
  readonly id: number;
  readonly email: string;
  readonly name: string;
  readonly password: string;
  readonly access: string;
  readonly refresh: string;
}

/** Somebody who registered and logged in as the document has it. */
async function member(name: string): Promise<Member> {
  const email = `${name.toLowerCase()}-${randomUUID().slice(0, 8)}@example.com`;
  const password = `securepassword-${randomUUID()}`;
  const { status, body } = await ask('POST', '/auth/register/', { email, name, password });
  expect(status).toBe(201);
  const login = await ask('POST', '/auth/login/', { email, password });
  return { id: body.id, email, name, password, ...login.body };
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const NOT_FOUND = [404, { detail: 'Not found.' }];

describe('accounts', () => {
  it('POST /auth/register/ answers 201 {id, email, name, date_joined}', async () => {
    const email = `user-${randomUUID()}@example.com`;
    const password = 'securepassword123';
    const reply = await ask('POST', '/auth/register/', { email, name: 'John Doe', password });
    expect(said(reply)).toEqual([
      201,
      { id: expect.any(Number), email, name: 'John Doe', date_joined: expect.stringMatching(ISO) },
    ]);
    expect(Number.isInteger(reply.body.id)).toBe(true);
  });

  it.each([
    [
      {},
      {
        email: ['This field is required.'],
        name: ['This field is required.'],
        password: ['This field is required.'],
      },
    ],
    [{ email: '', name: ' ', password: '' }, 'This field may not be blank.'],
    [{ email: null, name: null, password: null }, 'This field may not be null.'],
    [{ email: ['a'], name: {}, password: true }, 'Not a valid string.'],
  ])('refuses %j field by field', async (sent, complaints) => {
    const expected =
      typeof complaints === 'string'
        ? { email: [complaints], name: [complaints], password: [complaints] }
        : complaints;
    expect(said(await ask('POST', '/auth/register/', sent))).toEqual([400, expected]);
  });

  it('says what is wrong with e-mail address, name, password and its confirmation', async () => {
    const { email } = await member('Taken');
    const good = { email: `${randomUUID()}@example.com`, name: 'Ann', password: 'securepassword123' };
    for (const [change, complaints] of [
      [{ email }, { email: ['A user with this email already exists.'] }],
      [
        { email, password: 'password123' },
        {
          email: ['A user with this email already exists.'],
          password: ['This password is too common.'],
        },
      ],
      [{ email: 'not-an-address' }, { email: ['Enter a valid email address.'] }],
      [{ name: 'x'.repeat(101) }, { name: ['Ensure this field has no more than 100 characters.'] }],
      [
        { password: '7391' },
        {
          password: [
            'This password is too short. It must contain at least 8 characters.',
            'This password is entirely numeric.',
          ],
        },
      ],
      [{ confirm_password: 'another one' }, { confirm_password: ['Passwords do not match.'] }],
    ] as const) {
      expect(said(await ask('POST', '/auth/register/', { ...good, ...change }))).toEqual([400, complaints]);
    }
    const confirmed = { ...good, confirm_password: good.password };
    expect((await ask('POST', '/auth/register/', confirmed)).status).toBe(201);
  });

  it('POST /auth/login/ answers {access, refresh}', async () => {
    const { email, password } = await member('Ann');
    const reply = await ask('POST', '/auth/login/', { email, password });
    expect(said(reply)).toEqual([200, { access: expect.any(String), refresh: expect.any(String) }]);
  });

  it('refuses a wrong password as simplejwt does', async () => {
    const { email } = await member('Ann');
    for (const sent of [
      { email, password: 'not it' },
      { email: 'nobody@example.com', password: 'not it' },
    ]) {
      const reply = await ask('POST', '/auth/login/', sent);
      expect(said(reply)).toEqual([401, { detail: 'No active account found with the given credentials' }]);
      expect(reply.headers.get('www-authenticate')).toBe('Bearer realm="api"');
    }
    expect(said(await ask('POST', '/auth/login/', {}))).toEqual([
      400,
      { email: ['This field is required.'], password: ['This field is required.'] },
    ]);
  });

  it('POST /auth/token/refresh/ answers {access}, again and again, until the session ends', async () => {
    const { access, refresh } = await member('Ann');
    for (let time = 0; time < 3; time += 1) {
      const reply = await ask('POST', '/auth/token/refresh/', { refresh });
      expect(said(reply)).toEqual([200, { access: expect.any(String) }]);
      expect((await ask('GET', '/auth/profile/', undefined, reply.body.access)).status).toBe(200);
    }
    expect(said(await ask('POST', '/auth/logout/', undefined, access))).toEqual([
      200,
      { message: 'Successfully logged out' },
    ]);
    const bad = [401, { detail: 'Token is invalid', code: 'token_not_valid' }];
    expect(said(await ask('POST', '/auth/token/refresh/', { refresh }))).toEqual(bad);
    expect(said(await ask('POST', '/auth/token/refresh/', { refresh: 'x' }))).toEqual(bad);
    expect(said(await ask('POST', '/auth/token/refresh/', {}))).toEqual([
      400,
      { refresh: ['This field is required.'] },
    ]);
  });

  it('/auth/profile/ is read, changed and deleted', async () => {
    const { id, email, name, access, refresh } = await member('John');
    const other = await member('Other');
    const profile = { id, email, name, date_joined: expect.stringMatching(ISO) };
    expect(said(await ask('GET', '/auth/profile/', undefined, access))).toEqual([200, profile]);
    const changed = await ask('PATCH', '/auth/profile/', { name: 'Updated Name', id: 1 }, access);
    expect(said(changed)).toEqual([200, { ...profile, name: 'Updated Name' }]);
    expect(said(await ask('PATCH', '/auth/profile/', { name: '' }, access))).toEqual([
      400,
      { name: ['This field may not be blank.'] },
    ]);
    expect(said(await ask('PATCH', '/auth/profile/', { email: other.email }, access))).toEqual([
      400,
      { email: ['A user with this email already exists.'] },
    ]);
    expect(said(await ask('DELETE', '/auth/profile/', undefined, access))).toEqual([204, undefined]);
    expect(said(await ask('GET', '/auth/profile/', undefined, access))).toEqual([
      401,
      { detail: 'User not found', code: 'user_not_found' },
    ]);
    expect((await ask('POST', '/auth/token/refresh/', { refresh })).status).toBe(401);
  });

  it('the same under /api/auth/', async () => {
    const email = `later-${randomUUID()}@example.com`;
    const password = 'securepassword123';
    const made = await ask('POST', '/api/auth/register/', { email, name: 'Later', password });
    expect(made.status).toBe(201);
    const { access, refresh } = (await ask('POST', '/api/auth/login/', { email, password })).body;
    const profile = await ask('GET', '/api/auth/profile/', undefined, access);
    expect(said(profile)).toEqual([200, made.body]);
    const renewed = await ask('POST', '/api/auth/token/refresh/', { refresh });
    expect(said(renewed)).toEqual([200, { access: expect.any(String) }]);
    expect((await ask('PATCH', '/api/auth/profile/', { name: 'Latest' }, access)).body.name).toBe('Latest');
    expect(said(await ask('POST', '/api/auth/logout/', {}, access))).toEqual([
      200,
      { message: 'Successfully logged out' },
    ]);
  });
});

describe('tokens', () => {
  it.each(['/auth/profile/', '/api/rooms/', '/api/rooms/1/', '/api/rooms/1/messages/'])(
    '%s asks for one',
    async (path) => {
      const none = await ask('GET', path);
      expect(said(none)).toEqual([401, { detail: 'Authentication credentials were not provided.' }]);
      const bad = await ask('GET', path, undefined, 'garbage');
      expect(said(bad)).toEqual([
        401,
        {
          detail: 'Given token not valid for any token type',
          code: 'token_not_valid',
          messages: [
            {
              token_class: 'AccessToken',
              token_type: 'access',
              message: 'Token is invalid or expired',
            },
          ],
        },
      ]);
      for (const { headers } of [none, bad]) {
        expect(headers.get('www-authenticate')).toBe('Bearer realm="api"');
      }
    },
  );
});

describe('rooms', () => {
  it('are made, listed, shown, changed and deleted', async () => {
    const [ann, bea] = await Promise.all([member('Ann'), member('Bea')]);
    const sent = { name: 'New Room', description: 'Room description', room_type: 'video' };
    const made = await ask('POST', '/api/rooms/', sent, ann.access);
    const room = {
      id: expect.any(Number),
      ...sent,
      creator: { id: ann.id, email: ann.email, name: 'Ann' },
      created_at: expect.stringMatching(ISO),
      is_active: true,
    };
    expect(said(made)).toEqual([201, room]);
    const path = `/api/rooms/${made.body.id}/`;

    const listed = await ask('GET', '/api/rooms/', undefined, bea.access);
    expect(listed.status).toBe(200);
    expect(listed.body.find(({ id }: { id: number }) => id === made.body.id)).toEqual(made.body);
    expect(said(await ask('GET', path, undefined, bea.access))).toEqual([200, made.body]);

    const changes = { name: 'Updated Room Name', description: 'Updated description' };
    const changed = { ...made.body, ...changes };
    expect(said(await ask('PATCH', path, changes, ann.access))).toEqual([200, changed]);
    expect(said(await ask('PUT', path, { name: 'Put' }, ann.access))).toEqual([
      200,
      { ...changed, name: 'Put' },
    ]);
    expect(said(await ask('PUT', path, {}, ann.access))).toEqual([
      400,
      { name: ['This field is required.'] },
    ]);
    expect(said(await ask('PATCH', path, changes, bea.access))).toEqual([
      403,
      { detail: 'You can only update rooms you created.' },
    ]);
    expect(said(await ask('DELETE', path, undefined, bea.access))).toEqual([
      403,
      { detail: 'You can only delete rooms you created.' },
    ]);
    expect(said(await ask('DELETE', path, undefined, ann.access))).toEqual([204, undefined]);
    for (const [method, at, body] of [
      ['GET', path],
      ['PATCH', path, changes],
      ['DELETE', path],
      ['GET', `${path}messages/`],
      ['GET', '/api/rooms/0/'],
      ['GET', '/api/rooms/nonsense/'],
    ] as const) {
      expect(said(await ask(method, at, body, ann.access))).toEqual(NOT_FOUND);
    }
    const left = (await ask('GET', '/api/rooms/', undefined, ann.access)).body;
    expect(left.map(({ id }: { id: number }) => id)).not.toContain(made.body.id);
  });

  it('default to chat without a description, and may share a name', async () => {
    const { access } = await member('Ann');
    for (let time = 0; time < 2; time += 1) {
      const { status, body } = await ask('POST', '/api/rooms/', { name: 'Same' }, access);
      expect([status, body.room_type, body.description, body.name]).toEqual([201, 'chat', '', 'Same']);
    }
  });

  it.each([
    [{}, { name: ['This field is required.'] }],
    [{ name: '  ' }, { name: ['This field may not be blank.'] }],
    [{ name: 'x'.repeat(101) }, { name: ['Ensure this field has no more than 100 characters.'] }],
    [{ name: 'x', room_type: 'foo' }, { room_type: ['"foo" is not a valid choice.'] }],
    [
      { name: ['x'], room_type: null },
      { name: ['Not a valid string.'], room_type: ['This field may not be null.'] },
    ],
    [['x'], { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] }],
  ])('refuses %j', async (sent, complaints) => {
    const { access } = await member('Ann');
    expect(said(await ask('POST', '/api/rooms/', sent, access))).toEqual([400, complaints]);
  });
});

describe('messages and pages', () => {
  it('are bare arrays as documented, and pages when asked for', async () => {
    const ann = await member('Ann');
    const { id } = (await ask('POST', '/api/rooms/', { name: 'Talk' }, ann.access)).body;
    const path = `/api/rooms/${id}/messages/`;
    expect(said(await ask('GET', path, undefined, ann.access))).toEqual([200, []]);
    const socket = await RawClient.open('Ann', `${topology.url(0)}/ws/chat/${id}/?token=${ann.access}`);
    const texts = ['Hello, world!', 'Hi there!', 'third', 'fourth', 'fifth'];
    for (const content of texts) {
      socket.say({ content });
      await socket.log.next('message', (frame) => frame.content === content);
    }
    socket.close();

    const all = await ask('GET', path, undefined, ann.access);
    expect(said(all)).toEqual([
      200,
      texts.map((content, index) => ({
        id: index + 1,
        user: { id: ann.id, email: ann.email, name: 'Ann' },
        content,
        created_at: expect.stringMatching(ISO),
      })),
    ]);
    const seen: string[] = [];
    for (let next: string | null = `${topology.url(0)}${path}?limit=2`; next !== null; ) {
      const { status, body } = await http('GET', next, { token: ann.access });
      expect([status, Object.keys(body), body.count]).toEqual([
        200,
        ['count', 'next', 'previous', 'results'],
        5,
      ]);
      seen.push(...body.results.map(({ content }: { content: string }) => content));
      next = body.next;
    }
    expect(seen).toEqual(texts);
    const found = await ask('GET', `${path}?search=TH&before=5`, undefined, ann.access);
    expect(found.body.results.map(({ id: seq }: { id: number }) => seq)).toEqual([2, 3, 4]);
  });
});

describe('CHANNELS_PAGINATION=true', () => {
  it('makes a page of every list', async () => {
    await using paged = await allInOne({ CHANNELS_PAGINATION: 'true' });
    const email = 'ann@example.com';
    const password = 'securepassword123';
    const url = paged.url(0);
    await http('POST', `${url}/auth/register/`, { body: { email, name: 'Ann', password } });
    const { access: token } = (await http('POST', `${url}/auth/login/`, { body: { email, password } })).body;
    const { body: room } = await http('POST', `${url}/api/rooms/`, { token, body: { name: 'One' } });
    expect((await http('GET', `${url}/api/rooms/`, { token })).body).toEqual({
      count: 1,
      next: null,
      previous: null,
      results: [room],
    });
    const none = { count: 0, next: null, previous: null, results: [] };
    expect((await http('GET', `${url}/api/rooms/${room.id}/messages/`, { token })).body).toEqual(none);
  });
});

describe('too many requests', () => {
  it('are told when to come back', async () => {
    await using limited = await allInOne({ RATE_LIMIT_LOGIN: '1/10m', RATE_LIMIT_ROOMS: '1/1h' });
    const url = limited.url(0);
    const email = 'ann@example.com';
    const password = 'securepassword123';
    await http('POST', `${url}/auth/register/`, { body: { email, name: 'Ann', password } });
    const { access: token } = (await http('POST', `${url}/auth/login/`, { body: { email, password } })).body;
    const make = () => http('POST', `${url}/api/rooms/`, { token, body: { name: 'One' } });
    const guess = () => http('POST', `${url}/auth/login/`, { body: { email, password: 'wrong' } });
    expect((await make()).status).toBe(201);
    expect((await guess()).status).toBe(401);
    for (const reply of [await make(), await guess()]) {
      const seconds = reply.headers.get('retry-after');
      expect(said(reply)).toEqual([
        429,
        { detail: `Request was throttled. Expected available in ${seconds} seconds.` },
      ]);
      expect(Number(seconds)).toBeGreaterThan(1);
    }
  });
});
