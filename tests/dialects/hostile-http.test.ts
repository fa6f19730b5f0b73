import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { http } from '../harness/http.ts';
import { logIn, type Person, register } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

let topology: Topology;
let alice: Person;
let admin: string;
beforeAll(async () => {
  topology = await allInOne();
  alice = await register(topology, 'Alice');
  admin = (await logIn(topology)).token;
});
afterAll(() => topology?.[Symbol.asyncDispose]());

const text = expect.any(String);
const peer = { message: text, code: text };
const jitsi = { success: false, error: { code: text, message: text } };
const rooms = { message: text, error: text };
const expo = { error: text };
const channels = { detail: text };
const native = { error: { code: text, message: text } };

describe('what is not there', () => {
  it.each([
    ['GET', '/auth/nope', peer],
    ['POST', '/auth/login/extra', peer],
    ['GET', '/admin', peer],
    ['GET', '/admin/nope', peer],
    ['DELETE', '/admin/users/1/nope', peer],
    ['GET', '/api/users/search/', peer],
    ['GET', '/api/messages/nope', jitsi],
    ['GET', '/api/users/nope', jitsi],
    ['POST', '/api/auth/nope', rooms],
    ['GET', '/api/chat/nothing', expo],
    ['GET', '/api/call/nothing', expo],
    ['POST', '/auth/nope/', channels],
    ['GET', '/auth/profile/nope/', channels],
    ['GET', '/api/rooms/1/nope/', channels],
    ['GET', '/api/v1/nope', native],
    ['GET', '/api/nope', native],
    ['POST', '/', native],
    ['PROPFIND', '/api/v1/nope', native],
  ])('%s %s is 404 in its dialect’s shape', async (method, path, shape) => {
    for (const token of [undefined, alice.token]) {
      const { status, body, headers } = await http(method, topology.url(0) + path, token ? { token } : {});
      expect([status, body]).toMatchObject([404, shape]);
      expect(headers.get('content-type')).toMatch(/^application\/json/);
    }
  });

  it.each([
    ['GET', '/auth/login', peer, 'POST'],
    ['PUT', '/api/messages', jitsi, 'GET, HEAD, POST'],
    ['DELETE', '/api/auth/login', rooms, 'POST'],
  ])('%s %s is 405 there, with Allow', async (method, path, shape, allow) => {
    const { status, body, headers } = await http(method, topology.url(0) + path, { token: alice.token });
    expect([status, body]).toMatchObject([405, shape]);
    expect(headers.get('allow')).toBe(allow);
  });
});

const BODIES = [
  ['POST', '/auth/login', peer],
  ['POST', '/auth/register', peer],
  ['POST', '/auth/refresh', peer],
  ['POST', '/auth/verify', peer],
  ['POST', '/auth/logout', peer],
  ['PATCH', '/admin/users/1', peer],
  ['POST', '/api/auth/login', rooms],
  ['POST', '/api/login', jitsi],
  ['POST', '/api/messages', jitsi],
] as const;

describe.each(BODIES)('the body of %s %s', (method, path, shape) => {
  const token = () => (path.startsWith('/admin') ? admin : alice.token);
  const send = (body: string, type = 'application/json', more: Record<string, string> = {}) =>
    http(method, topology.url(0) + path, {
      token: token(),
      body,
      headers: { 'content-type': type, ...more },
    });

  it.each([
    '{',
    'null',
    '7',
    '"x"',
    '[]',
    '[{}]',
    '{"a":}',
    '\u0000',
    '{"__proto__":{"role":"admin"},"username":"x","password":"x"}',
    '{"constructor":{"prototype":{"x":1}}}',
    '{"username":{"$gt":""},"email":{"$gt":""},"password":{"$gt":""},"refreshToken":{"$gt":""},"accessToken":{"$gt":""},"role":{"$gt":""}}',
    `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
    `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
  ])('%.40s is 400 in its dialect’s shape', async (body) => {
    const reply = await send(body);
    expect([reply.status, reply.body]).toMatchObject([400, shape]);
    expect(JSON.stringify(reply.body)).not.toMatch(/at .*\.[jt]s:|node_modules|SyntaxError/);
  });

  it('too great is 413, of another type 415, compressed beyond measure 413', async () => {
    expect(await send(JSON.stringify({ a: 'x'.repeat(300_000) }))).toMatchObject({
      status: 413,
      body: shape,
    });
    expect(await send('<a/>', 'application/xml')).toMatchObject({ status: 415, body: shape });
    const bomb = await fetch(topology.url(0) + path, {
      method,
      headers: {
        authorization: `Bearer ${token()}`,
        'content-type': 'application/json',
        'content-encoding': 'gzip',
      },
      body: gzipSync(Buffer.alloc(20_000_000, 32)),
    });
    expect(bomb.status).toBe(413);
    expect(await bomb.json()).toMatchObject(shape);
  });
});

describe('odd requests', () => {
  it.each(['/auth/%zz', '/api/messages/%c0%ae', '/api/messages?limit=1&limit=2'])(
    'GET %s is refused, not failed over',
    async (path) => {
      const { status } = await http('GET', topology.url(0) + path, { token: alice.token });
      expect([400, 404]).toContain(status);
    },
  );

  it('headers that are no token are 401', async () => {
    for (const authorization of [
      '',
      'Bearer',
      'Bearer ',
      'Basic eDp5',
      `Bearer ${'x'.repeat(10_000)}`,
      'Bearer a b',
    ]) {
      const reply = await http('GET', `${topology.url(0)}/api/messages`, { headers: { authorization } });
      expect([reply.status, reply.body]).toMatchObject([401, jitsi]);
    }
  });

  it('what is not HTTP at all costs its own connection', async () => {
    const { hostname, port } = new URL(topology.url(0));
    for (const bytes of [
      '\x00\xff\x00garbage\r\n\r\n',
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n\r\n',
    ]) {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.write(bytes);
      await new Promise((resolve) => socket.once('close', resolve).once('error', resolve).resume());
    }
    expect((await http('GET', `${topology.url(0)}/readyz`)).status).toBe(200);
  });

  it.each(['?EIO=4&transport=polling&sid=nope', '?EIO=4&transport=carrier-pigeon'])(
    '/socket.io/%s is 400',
    async (query) => {
      expect((await http('GET', `${topology.url(0)}/socket.io/${query}`)).status).toBe(400);
    },
  );
});
