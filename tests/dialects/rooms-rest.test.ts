import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { http } from '../harness/http.ts';
import { type Person, register } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

let topology: Topology;
let alice: Person;
let bob: Person;
beforeAll(async () => {
  topology = await allInOne({ RATE_LIMIT_ROOMS: 'off' });
  [alice, bob] = await Promise.all([register(topology, 'Alice'), register(topology, 'Bob')]);
});
afterAll(() => topology?.[Symbol.asyncDispose]());

const ask = (method: string, path: string, token?: string, body?: unknown) =>
  http(method, topology.url(0) + path, {
    ...(token ? { token } : {}),
    ...(body === undefined ? {} : { body }),
  });
const post = (path: string, body: unknown, token?: string) => ask('POST', path, token, body);
const get = (path: string, token?: string) => ask('GET', path, token);
/** Every refusal says what is wrong under both names that clients read. */
const refusal = (status: number, code: string, more: object = {}) => ({
  status,
  body: { message: expect.any(String), error: expect.any(String), code, ...more },
});
const fresh = (word: string) => `${word} ${randomUUID().slice(0, 8)}`;

describe('accounts', () => {
  const account = () => {
    const username = `erin-${randomUUID().slice(0, 8)}`;
    return { username, email: `${username}@example.test`, password: 'password123' };
  };

  it('sign up and log in, with a token that is good everywhere', async () => {
    const { username, email, password } = account();
    const signedUp = await post('/api/auth/signup', { username, email, password });
    expect(signedUp).toMatchObject({
      status: 201,
      body: {
        message: expect.any(String),
        token: expect.any(String),
        user: { id: expect.stringMatching(/^\d+$/), username, email, name: username },
      },
    });
    expect(signedUp.body.user._id).toBe(signedUp.body.user.id);
    expect((await get('/api/rooms', signedUp.body.token)).status).toBe(200);
    for (const identifier of [{ email }, { username }, { email: username }]) {
      const login = await post('/api/auth/login', { ...identifier, password });
      expect(login).toMatchObject({
        status: 200,
        body: { message: expect.any(String), token: expect.any(String), user: signedUp.body.user },
      });
      expect((await get('/api/rooms', login.body.token)).status).toBe(200);
    }
  });

  it('are refused: taken names, missing fields, a wrong password, a body that is none', async () => {
    const taken = account();
    expect((await post('/api/auth/signup', taken)).status).toBe(201);
    expect(await post('/api/auth/signup', taken)).toMatchObject(refusal(409, 'CONFLICT'));
    expect(await post('/api/auth/signup', { ...account(), email: taken.email })).toMatchObject(
      refusal(409, 'CONFLICT'),
    );
    expect(await post('/api/auth/signup', {})).toMatchObject(
      refusal(400, 'INVALID_DATA', {
        errors: ['username', 'email', 'password'].map((path) => ({ type: 'field', path })),
      }),
    );
    expect(await post('/api/auth/signup', '{"username":')).toMatchObject(refusal(400, 'INVALID_DATA'));
    expect(await post('/api/auth/login', { email: taken.email, password: 'wrong-one' })).toMatchObject(
      refusal(401, 'UNAUTHORIZED'),
    );
    expect(await get('/api/auth/signup')).toMatchObject(refusal(405, 'METHOD_NOT_ALLOWED'));
    expect(await get('/api/auth/nowhere')).toMatchObject(refusal(404, 'NOT_FOUND'));
  });

  it('may come in the shape of those that know no usernames', async () => {
    const { username: name, email, password } = account();
    expect(await post('/api/auth/signup', { name, email, password })).toMatchObject({
      status: 201,
      body: { user: { username: name, name, email } },
    });
  });
});

describe('rooms', () => {
  const shown = (name: string, description: string, by: Person) => ({
    _id: expect.stringMatching(/^[1-9]\d*$/),
    id: expect.any(String),
    name,
    description,
    createdBy: by.id,
    participants: [],
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  });

  it('are made by one and seen by everybody', async () => {
    const [general, quiet] = [fresh('General'), fresh('Quiet')];
    const made = await post('/api/rooms', { name: ` ${general} `, description: 'For all' }, alice.token);
    expect([made.status, made.body]).toEqual([201, shown(general, 'For all', alice)]);
    expect(made.body.id).toBe(made.body._id);
    const other = await post('/api/rooms', { name: quiet }, bob.token);
    expect([other.status, other.body]).toEqual([201, shown(quiet, '', bob)]);
    for (const { token } of [alice, bob]) {
      const { status, body } = await get('/api/rooms', token);
      expect(status).toBe(200);
      expect(body).toEqual(expect.arrayContaining([made.body, other.body]));
    }
  });

  it('have names of their own, until they are deleted', async () => {
    const name = fresh('Unique');
    const { body: first } = await post('/api/rooms', { name }, alice.token);
    expect(await post('/api/rooms', { name }, alice.token)).toMatchObject(refusal(409, 'CONFLICT'));
    expect(await post('/api/rooms', { name: `${name} ` }, bob.token)).toMatchObject(refusal(409, 'CONFLICT'));
    // Other vocabularies promise nothing of the kind.
    expect((await post('/api/v1/rooms', { name }, bob.token)).status).toBe(201);

    expect((await ask('DELETE', `/api/v1/rooms/${first.id}`, alice.token)).status).toBe(204);
    expect((await get('/api/rooms', bob.token)).body.map(({ id }: { id: string }) => id)).not.toContain(
      first.id,
    );
    expect(await get(`/api/rooms/${first.id}/messages`, bob.token)).toMatchObject(
      refusal(404, 'ROOM_NOT_FOUND'),
    );
    expect((await post('/api/rooms', { name }, bob.token)).status).toBe(201);
  });

  it('are made once, however many ask for one name at a time', async () => {
    const name = fresh('Race');
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, n) => post('/api/rooms', { name }, (n % 2 ? alice : bob).token)),
    );
    expect(replies.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, ...Array(7).fill(409)]);
  });

  it.each([
    ['nothing', {}],
    ['no name', { description: 'x' }],
    ['a blank name', { name: '  ' }],
    ['a name too long', { name: 'x'.repeat(101) }],
    ['a name that is none', { name: { $ne: '' } }],
    ['a number', { name: 7 }],
    ['a description too long', { name: 'x', description: 'x'.repeat(2001) }],
    ['a list', []],
  ])('are not made of %s', async (_what, body) => {
    expect(await post('/api/rooms', body, alice.token)).toMatchObject(refusal(400, 'INVALID_DATA'));
  });

  it('have a history that begins empty, and is refused where there is no room', async () => {
    const { body: room } = await post('/api/rooms', { name: fresh('Empty') }, alice.token);
    expect(await get(`/api/rooms/${room.id}/messages`, bob.token)).toMatchObject({ status: 200, body: [] });
    expect(await get('/api/rooms/999999999/messages', bob.token)).toMatchObject(
      refusal(404, 'ROOM_NOT_FOUND'),
    );
    for (const path of [
      '/api/rooms/general/messages',
      '/api/rooms/0/messages',
      `/api/rooms/${room.id}/messages?limit=0`,
      `/api/rooms/${room.id}/messages?before=yesterday`,
      `/api/rooms/${room.id}/messages?before=${randomUUID()}`,
    ]) {
      expect([path, (await get(path, bob.token)).status]).toEqual([path, 400]);
    }
  });

  it('are for those who signed in', async () => {
    for (const [method, path] of [
      ['GET', '/api/rooms'],
      ['POST', '/api/rooms'],
      ['GET', '/api/rooms/1/messages'],
    ] as const) {
      const body = method === 'POST' ? { name: 'x' } : undefined;
      expect(await ask(method, path, undefined, body)).toMatchObject(refusal(401, 'UNAUTHORIZED'));
      expect(await ask(method, path, 'nonsense', body)).toMatchObject(refusal(401, 'UNAUTHORIZED'));
    }
    expect(await ask('PUT', '/api/rooms', alice.token, {})).toMatchObject(refusal(405, 'METHOD_NOT_ALLOWED'));
  });

  it('in the shape of channels on the path without its slash, and answered in it', async () => {
    const made = await post('/api/rooms', { name: fresh('Video'), room_type: 'video' }, alice.token);
    expect(made).toMatchObject({
      status: 201,
      body: { id: expect.any(Number), room_type: 'video', is_active: true, creator: { email: alice.email } },
    });
    const refused = await post('/api/rooms', { name: '', room_type: 'foo' }, alice.token);
    expect(refused).toMatchObject({
      status: 400,
      body: { name: ['This field may not be blank.'], room_type: ['"foo" is not a valid choice.'] },
    });
  });
});
