import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpReply, http } from '../harness/http.ts';
import { type Person, register } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

let topology: Topology;
let ann: Person;
beforeAll(async () => {
  topology = await allInOne({ RATE_LIMIT_ROOMS: 'off' });
  ann = await register(topology, 'Ann');
});
afterAll(() => topology?.[Symbol.asyncDispose]());

const ask = (method: string, path: string, body?: unknown, token?: string) =>
  http(method, topology.url(0) + path, { body, ...(token ? { token } : {}) });
const post = (path: string, body?: unknown, token?: string) => ask('POST', path, body, token);
const said = ({ status, body }: HttpReply) => [status, body];
const fresh = () => randomUUID().slice(0, 8);
const password = 'a long enough one';

/** The words of a refusal that mark whose they are: exactly these names, where the document has no others. */
type Words = (code: string) => unknown;
const text = expect.any(String);
const WORDS: Readonly<Record<string, Words>> = {
  peer: (code) => ({ message: text, code }),
  rooms: (code) => ({ message: text, error: text, code }),
  jitsi: (code) => ({ success: false, error: { code, message: text }, message: text }),
  expo: (code) => ({ error: text, code }),
  channels: () => ({ detail: text }),
  native: (code) => ({ error: { code, message: text, retryable: expect.any(Boolean) } }),
};
const words = (dialect: string, code: string) => WORDS[dialect]?.(code);

describe('a path that two documents share but for its slash', () => {
  describe.each(['/auth/login', '/auth/login/'])('POST %s', (path) => {
    it('answers a username as peer, and refuses it so', async () => {
      const reply = await post(path, { username: ann.username, password: ann.password });
      expect(said(reply)).toEqual([
        200,
        { message: text, accessToken: text, refreshToken: text, user: expect.any(Object) },
      ]);
      const wrong = await post(path, { username: ann.username, password: 'wrong' });
      expect(said(wrong)).toEqual([401, { message: text, code: 'UNAUTHORIZED' }]);
      const invalid = await post(path, { username: ann.username });
      expect(said(invalid)).toEqual([
        400,
        { message: text, code: 'INVALID_DATA', errors: [expect.objectContaining({ path: 'password' })] },
      ]);
    });

    it('answers an e-mail address as channels, and refuses it so', async () => {
      const reply = await post(path, { email: ann.email, password: ann.password });
      expect(said(reply)).toEqual([200, { access: text, refresh: text }]);
      const wrong = await post(path, { email: ann.email, password: 'wrong' });
      expect(said(wrong)).toEqual([401, { detail: 'No active account found with the given credentials' }]);
      expect(wrong.headers.get('www-authenticate')).toBe('Bearer realm="api"');
      const invalid = await post(path, { email: ann.email });
      expect(said(invalid)).toEqual([400, { password: ['This field is required.'] }]);
    });
  });

  it('takes what has the marks of both or of none as its own', async () => {
    const both = { username: ann.username, email: ann.email, password: ann.password };
    expect((await post('/auth/login', both)).body).toHaveProperty('accessToken');
    expect((await post('/auth/login/', both)).body).toHaveProperty('access');
    expect(said(await post('/auth/login', {}))).toMatchObject([400, { message: text }]);
    expect(said(await post('/auth/login/', {}))).toMatchObject([400, { email: expect.any(Array) }]);
  });

  describe.each(['/auth/register', '/auth/register/'])('POST %s', (path) => {
    it('registers a username as peer', async () => {
      const username = `peer-${fresh()}`;
      const reply = await post(path, { username, password });
      expect(said(reply)).toMatchObject([201, { accessToken: text, user: { username } }]);
      expect(said(await post(path, { username, password }))).toEqual([
        409,
        { message: text, code: 'CONFLICT' },
      ]);
    });

    it('registers an e-mail address as channels', async () => {
      const email = `${fresh()}@example.com`;
      const reply = await post(path, { email, name: 'Ann', password });
      expect(said(reply)).toEqual([201, { id: expect.any(Number), email, name: 'Ann', date_joined: text }]);
      expect(said(await post(path, { email, name: 'Ann', password }))).toEqual([
        400,
        { email: ['A user with this email already exists.'] },
      ]);
    });
  });

  const refreshField = { peer: 'refreshToken', channels: 'refresh' } as const;
  describe.each(['/auth/logout', '/auth/logout/'])('POST %s', (path) => {
    const session = async () =>
      (await post('/auth/login', { username: ann.username, password: ann.password })).body;

    it.each(['peer', 'channels'] as const)('ends a session as %s', async (dialect) => {
      const { accessToken, refreshToken } = await session();
      const message = dialect === 'channels' ? 'Successfully logged out' : text;
      expect(said(await post(path, { [refreshField[dialect]]: refreshToken }))).toEqual([200, { message }]);
      expect((await ask('GET', '/api/v1/me', undefined, accessToken)).status).toBe(401);
      const refused = await post(path, { [refreshField[dialect]]: 'x' });
      expect(said(refused)).toEqual([
        401,
        dialect === 'channels'
          ? { detail: 'Token is invalid', code: 'token_not_valid' }
          : { message: text, code: 'UNAUTHORIZED' },
      ]);
    });
  });

  it('POST /auth/logout[/] without a body is answered in the words of its path', async () => {
    expect(said(await post('/auth/logout'))).toEqual([401, words('peer', 'UNAUTHORIZED')]);
    expect(said(await post('/auth/logout/'))).toEqual([
      401,
      { detail: 'Authentication credentials were not provided.' },
    ]);
  });

  it('POST /api/rooms[/]: a room_type is answered as channels, the rest by the path', async () => {
    const asChannels = expect.objectContaining({ id: expect.any(Number), room_type: 'video' });
    const asRooms = expect.objectContaining({ _id: text, createdBy: expect.anything() });
    const video = () => ({ name: `Video ${fresh()}`, room_type: 'video' });
    const plain = () => ({ name: `Plain ${fresh()}` });
    const titled = () => ({ title: `Titled ${fresh()}` });
    expect(said(await post('/api/rooms', video(), ann.token))).toEqual([201, asChannels]);
    expect(said(await post('/api/rooms/', video(), ann.token))).toEqual([201, asChannels]);
    expect(said(await post('/api/rooms', plain(), ann.token))).toEqual([201, asRooms]);
    expect(said(await post('/api/rooms/', plain(), ann.token))).toMatchObject([201, { room_type: 'chat' }]);
    expect(said(await post('/api/rooms/', titled(), ann.token))).toEqual([201, asRooms]);
    const wrong = await post('/api/rooms', { name: 'x', room_type: 'foo' }, ann.token);
    expect(said(wrong)).toEqual([400, { room_type: ['"foo" is not a valid choice.'] }]);
  });

  it('GET /api/rooms[/] and messages[/] go by the slash', async () => {
    const { id } = (await post('/api/rooms/', { name: 'Both' }, ann.token)).body;
    const find = async (path: string, key: string, value: unknown) => {
      const { body } = await ask('GET', path, undefined, ann.token);
      return body.find((room: Record<string, unknown>) => room[key] === value);
    };
    expect(await find('/api/rooms', '_id', String(id))).toMatchObject({ participants: [] });
    expect(await find('/api/rooms/', 'id', id)).toMatchObject({ is_active: true });
    const gone = (slash: string) => ask('GET', `/api/rooms/999999999/messages${slash}`, undefined, ann.token);
    expect(said(await gone(''))).toEqual([404, words('rooms', 'ROOM_NOT_FOUND')]);
    expect(said(await gone('/'))).toEqual([404, { detail: 'Not found.' }]);
    expect(said(await ask('GET', '/api/rooms'))).toMatchObject([401, { error: text }]);
    expect(said(await ask('GET', '/api/rooms/'))).toMatchObject([401, { detail: text }]);
  });

  it('is never redirected', async () => {
    for (const path of [
      '/auth/login',
      '/auth/logout',
      '/auth/register',
      '/api/auth/login',
      '/api/auth/register',
    ]) {
      for (const slash of ['', '/']) {
        const reply = await ask('GET', path + slash);
        expect([path + slash, reply.status, reply.headers.get('allow')]).toEqual([path + slash, 405, 'POST']);
      }
    }
  });
});

describe('routes of channels without their slash', () => {
  it.each([
    ['/auth/profile', '/auth/profile/'],
    ['/api/auth/profile?a=1&b=%2F%20x', '/api/auth/profile/?a=1&b=%2F%20x'],
    ['/api/rooms/7', '/api/rooms/7/'],
    ['/api/rooms/7?x=/y', '/api/rooms/7/?x=/y'],
    ['/auth/token/refresh', '/auth/token/refresh/'],
    ['/api/auth/logout', '/api/auth/logout/'],
  ])('GET %s is sent to %s', async (path, location) => {
    for (const method of ['GET', 'HEAD']) {
      const reply = await ask(method, path);
      expect([reply.status, reply.headers.get('location')]).toEqual([301, location]);
    }
  });

  it('are served in place for the rest', async () => {
    const person = await register(topology, 'Placed');
    const login = { email: person.email, password: person.password };
    const { access, refresh } = (await post('/auth/login/', login)).body;
    expect((await post('/auth/token/refresh', { refresh })).body).toEqual({ access: text });
    expect((await ask('PATCH', '/auth/profile', { name: 'Moved' }, access)).body.name).toBe('Moved');
    const { id } = (await post('/api/rooms/', { name: 'Placed' }, access)).body;
    const path = `/api/rooms/${id}`;
    expect((await ask('PATCH', path, { name: 'Patched' }, access)).body.name).toBe('Patched');
    expect((await ask('PUT', path, { name: 'Put' }, access)).body.name).toBe('Put');
    expect(said(await ask('DELETE', path, undefined, access))).toEqual([204, undefined]);
    expect(said(await ask('DELETE', path, undefined, access))).toEqual([404, { detail: 'Not found.' }]);
    expect(said(await post('/api/auth/logout', undefined, access))).toEqual([
      200,
      { message: 'Successfully logged out' },
    ]);
    const again = (await post('/auth/login/', login)).body;
    expect((await ask('DELETE', '/auth/profile', undefined, again.access)).status).toBe(204);
  });
});

describe('slashes and cases count', () => {
  it.each([
    '/auth/refresh/',
    '/auth/verify/',
    '/AUTH/login',
    '/api/messages/',
    '/api/auth/signup/',
    '/api/login/',
    '/api/v1/me/',
    '/api/chat/history/1/',
  ])('%s is no route', async (path) => {
    expect((await ask('GET', path, undefined, ann.token)).status).toBe(404);
  });
});

describe.each([
  ['peer', { none: '/auth/nowhere', one: '/auth/login', takes: '/auth/login' }],
  ['rooms', { none: '/api/auth/nowhere', one: '/api/rooms', takes: '/api/auth/signup' }],
  ['jitsi', { none: '/api/messages/nowhere', one: '/api/messages', takes: '/api/login' }],
  ['expo', { none: '/api/chat/nowhere', one: '/api/call/history', takes: '/api/auth/register' }],
  ['channels', { none: '/api/rooms/1/nowhere/', one: '/auth/login/', takes: '/auth/login/' }],
  ['native', { none: '/api/v1/nowhere', one: '/api/v1/me', takes: '/api/v1/auth/login' }],
] as const)('%s words', (dialect, { none, one, takes }) => {
  const raw = (contentType: string, body: string) =>
    http('POST', topology.url(0) + takes, { body, headers: { 'content-type': contentType } });

  it('404', async () => {
    const reply = await ask('GET', none);
    expect(said(reply)).toEqual([404, words(dialect, 'NOT_FOUND')]);
    if (dialect === 'channels') expect(reply.body).toEqual({ detail: 'Not found.' });
  });

  it('405, with what is allowed', async () => {
    const reply = await ask('PUT', one, {});
    expect(said(reply)).toEqual([405, words(dialect, 'METHOD_NOT_ALLOWED')]);
    expect(reply.headers.get('allow')).toMatch(/^[A-Z, ]+$/);
    if (dialect === 'channels') expect(reply.body).toEqual({ detail: 'Method "PUT" not allowed.' });
  });

  it('413', async () => {
    const reply = await post(takes, { email: 'x'.repeat(300_000) });
    expect(said(reply)).toEqual([413, words(dialect, 'PAYLOAD_TOO_LARGE')]);
  });

  it('415', async () => {
    const reply = await raw('text/csv', 'email,password');
    expect(said(reply)).toEqual([415, words(dialect, 'UNSUPPORTED_MEDIA_TYPE')]);
    if (dialect === 'channels') {
      expect(reply.body).toEqual({ detail: 'Unsupported media type "text/csv" in request.' });
    }
  });

  it('malformed JSON', async () => {
    const reply = await raw('application/json', '{"email": "secret@example.com"');
    expect(said(reply)).toMatchObject([400, words(dialect, 'INVALID_DATA')]);
    expect(JSON.stringify(reply.body)).toContain(
      "JSON parse error - Expecting ',' delimiter: line 1 column 31 (char 30)",
    );
    expect(JSON.stringify(reply.body)).not.toContain('secret');
  });
});

describe('429', () => {
  it('is worded by the body where it decides, else by the path', async () => {
    await using limited = await allInOne({ RATE_LIMIT_LOGIN: '1/10m' });
    const person = await register(limited, 'Hasty');
    const by = { username: person.username, email: person.email, identifier: person.username } as const;
    const attempt = (path: string, name: keyof typeof by) =>
      http('POST', limited.url(0) + path, { body: { [name]: by[name], password: 'wrong' } });
    expect((await attempt('/auth/login', 'username')).status).toBe(401);
    for (const [path, name, dialect] of [
      ['/auth/login', 'username', 'peer'],
      ['/auth/login', 'email', 'channels'],
      ['/auth/login/', 'username', 'peer'],
      ['/auth/login/', 'email', 'channels'],
      ['/api/auth/login/', 'email', 'channels'],
      ['/api/auth/login', 'email', 'rooms'],
      ['/api/login', 'email', 'jitsi'],
      ['/api/v1/auth/login', 'identifier', 'native'],
    ] as const) {
      const reply = await attempt(path, name);
      const seconds = Number(reply.headers.get('retry-after'));
      expect(seconds).toBeGreaterThan(1);
      expect([path, name, reply.status]).toEqual([path, name, 429]);
      if (dialect === 'channels') {
        expect(reply.body).toEqual({
          detail: `Request was throttled. Expected available in ${seconds} seconds.`,
        });
      } else expect(reply.body).toMatchObject(words(dialect, 'RATE_LIMITED') as object);
    }
  });
});
