import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { http } from '../harness/http.ts';
import { logIn, type Person, register, Stage } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

let topology: Topology;
let alice: Person;
beforeAll(async () => {
  topology = await allInOne();
  alice = await register(topology, 'Alice');
});
afterAll(() => topology?.[Symbol.asyncDispose]());

const post = (path: string, body?: unknown, token?: string) =>
  http('POST', topology.url(0) + path, { body, ...(token ? { token } : {}) });
const get = (path: string, token?: string) => http('GET', topology.url(0) + path, token ? { token } : {});
const verified = () => ({ valid: true, user: { userId: alice.id, id: alice.id, username: alice.username } });
const refusal = { valid: false, message: expect.any(String), error: expect.any(String) };

describe('POST /auth/login', () => {
  it.each(['username', 'email'] as const)(
    'by %s gives {message, accessToken, refreshToken, user}',
    async (by) => {
      const { status, body } = await post('/auth/login', { username: alice[by], password: alice.password });
      expect(status).toBe(200);
      expect(body).toMatchObject({
        message: expect.any(String),
        accessToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
        refreshToken: expect.any(String),
        user: { id: alice.id, username: alice.username },
      });
      expect(JSON.stringify(body)).not.toMatch(/password|hash/i);
    },
  );

  it('signs the claims that README.md names, ids as strings', async () => {
    const { token } = await logIn(topology, alice.username, alice.password);
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({
      sub: alice.id,
      user_id: alice.id,
      username: alice.username,
      role: 'user',
      type: 'access',
      jti: expect.any(String),
      sid: expect.any(String),
      iss: expect.any(String),
      aud: expect.any(String),
      exp: expect.any(Number),
    });
    expect(typeof claims.sub).toBe('string');
  });

  it('answers an unknown user and a wrong password alike: 401 {message}', async () => {
    const wrong = await post('/auth/login', { username: alice.username, password: 'not-it' });
    const unknown = await post('/auth/login', { username: 'nobody-at-all', password: 'not-it' });
    expect(wrong.status).toBe(401);
    expect(wrong.body).toMatchObject({ message: 'Invalid credentials' });
    expect([unknown.status, unknown.body]).toEqual([wrong.status, wrong.body]);
  });

  it('names what is missing: 400 {message, errors}', async () => {
    const { status, body } = await post('/auth/login', { username: alice.username });
    expect(status).toBe(400);
    expect(body.message).toEqual(expect.any(String));
    expect(body.errors).toEqual([{ type: 'field', path: 'password', msg: expect.any(String) }]);
  });
});

describe('POST /auth/refresh', () => {
  it('rotates; a lost reply may be asked for again and is the same pair', async () => {
    const { refreshToken } = await logIn(topology, alice.username, alice.password);
    const first = await post('/auth/refresh', { refreshToken });
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({ message: expect.any(String), user: { id: alice.id } });
    expect(first.body.refreshToken).not.toBe(refreshToken);
    const again = await post('/auth/refresh', { refreshToken });
    expect(again.body.refreshToken).toBe(first.body.refreshToken);
    expect((await get('/auth/verify', first.body.accessToken)).status).toBe(200);
    expect((await post('/auth/refresh', { refreshToken: first.body.refreshToken })).status).toBe(200);
  });

  it('refuses what is none: 401 {message}; nothing at all: 400', async () => {
    for (const refreshToken of ['garbage', alice.token, `${alice.refreshToken}x`]) {
      const { status, body } = await post('/auth/refresh', { refreshToken });
      expect([status, body.message]).toEqual([401, expect.any(String)]);
    }
    expect((await post('/auth/refresh', {})).status).toBe(400);
  });
});

describe('/auth/verify', () => {
  it('takes {accessToken}, a Bearer token on POST, and on GET', async () => {
    for (const reply of [
      await post('/auth/verify', { accessToken: alice.token }),
      await post('/auth/verify', undefined, alice.token),
      await post('/auth/verify', {}, alice.token),
      await get('/auth/verify', alice.token),
    ]) {
      expect([reply.status, reply.body]).toEqual([200, verified()]);
    }
  });

  it('says 401 {valid: false, message, error} for anything else', async () => {
    const tampered = `${alice.token.slice(0, -4)}AAAA`;
    const unsigned = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${alice.token.split('.')[1]}.`;
    for (const accessToken of ['garbage', tampered, unsigned, alice.refreshToken]) {
      const reply = await post('/auth/verify', { accessToken });
      expect([reply.status, reply.body]).toEqual([401, refusal]);
      const asked = await get('/auth/verify', accessToken);
      expect([asked.status, asked.body]).toEqual([401, refusal]);
    }
    expect(await post('/auth/verify', {})).toMatchObject({ status: 401, body: refusal });
    expect(await get('/auth/verify')).toMatchObject({ status: 401, body: refusal });
  });
});

describe('POST /auth/logout', () => {
  it('ends the session: its tokens, its refresh token and its sockets, not the user’s others', async () => {
    await using stage = new Stage(topology);
    const leaving = { ...alice, ...(await logIn(topology, alice.username, alice.password)) };
    const [gone, stays] = [await stage.peer(leaving), await stage.peer(alice)];
    const { status, body } = await post('/auth/logout', {}, leaving.token);
    expect([status, body]).toEqual([200, { message: expect.any(String) }]);
    await gone.closed(2000);
    expect((await get('/auth/verify', leaving.token)).body).toEqual(refusal);
    expect((await post('/auth/refresh', { refreshToken: leaving.refreshToken })).status).toBe(401);
    await expect(stage.peer(leaving)).rejects.toThrow(/^Authentication error$/);
    expect((await get('/auth/verify', alice.token)).body).toEqual(verified());
    expect(stays.socket.connected).toBe(true);
  });

  it('takes the refresh token alone, and refuses nobody at all with 401 {message}', async () => {
    const { token, refreshToken } = await logIn(topology, alice.username, alice.password);
    expect((await post('/auth/logout', { refreshToken })).status).toBe(200);
    expect((await get('/auth/verify', token)).status).toBe(401);
    expect(await post('/auth/logout')).toMatchObject({ status: 401, body: { message: expect.any(String) } });
  });
});

describe('POST /auth/register and GET /api/users/search', () => {
  it('makes an account that can log in and be found', async () => {
    const username = `new-${alice.username}`;
    const made = await post('/auth/register', { username, password: 'secret-1' });
    expect(made.status).toBe(201);
    expect(made.body.message).toEqual(expect.any(String));
    const { token } = await logIn(topology, username, 'secret-1');
    const found = await get(`/api/users/search?q=${username.slice(2).toUpperCase()}`, token);
    expect([found.status, found.body]).toEqual([
      200,
      [{ _id: made.body.user.id, id: made.body.user.id, username }],
    ]);
    expect(made.body.user.id).toMatch(/^\d+$/);
    expect((await get('/api/users/search?q=no%20such%20user', token)).body).toEqual([]);
  });

  it('refuses a taken name in any case with 409 {message}, and says which fields are wrong', async () => {
    const body = { username: alice.username.toUpperCase(), password: 'secret-1' };
    expect(await post('/auth/register', body)).toMatchObject({
      status: 409,
      body: { message: expect.any(String) },
    });
    const bad = await post('/auth/register', { username: 'has spaces', password: 'secret-1' });
    expect([bad.status, bad.body.errors[0].path]).toEqual([400, 'username']);
    const short = await post('/auth/register', { username: 'fine', password: '1' });
    expect([short.status, short.body.errors[0].path]).toEqual([400, 'password']);
  });

  it('searches for nobody without a token: 401 {message}, nor without q: 400', async () => {
    expect(await get('/api/users/search?q=a')).toMatchObject({
      status: 401,
      body: { message: expect.any(String) },
    });
    const bare = await get('/api/users/search', alice.token);
    expect([bare.status, bare.body.errors[0].path]).toEqual([400, 'q']);
  });
});
