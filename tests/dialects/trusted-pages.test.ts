import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { http } from '../harness/http.ts';
import { type Person, register, Stage } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

const TRUSTED = ['https://chat.example.org', 'http://localhost:5173'];
const FOREIGN = [
  'https://evil.example',
  'https://chat.example.org.evil.example',
  'http://chat.example.org',
  'null',
];

let topology: Topology;
let alice: Person;
beforeAll(async () => {
  topology = await allInOne({ CLIENT_URL: TRUSTED.join(','), REQUIRE_HANDSHAKE_TOKEN: 'true' });
  alice = await register(topology, 'Alice');
});
afterAll(() => topology?.[Symbol.asyncDispose]());

const from = (origin: string) => ({ headers: { origin } });

describe.each(FOREIGN)('a page from %s', (origin) => {
  it.each([
    ['/auth/login', { message: expect.any(String) }],
    ['/api/messages', { success: false, error: { code: 'PERMISSION_DENIED', message: expect.any(String) } }],
    ['/api/auth/login', { message: expect.any(String), error: expect.any(String) }],
  ])(
    'is refused at POST %s with 403 in that dialect’s shape, even with the right password',
    async (path, shape) => {
      const reply = await http('POST', topology.url(0) + path, {
        ...from(origin),
        token: alice.token,
        body: { username: alice.username, password: alice.password },
      });
      expect([reply.status, reply.body]).toMatchObject([403, shape]);
      expect(reply.headers.get('access-control-allow-origin')).toBeNull();
    },
  );

  it.each(['websocket', 'polling'])('is refused over %s', async (transport) => {
    await using stage = new Stage(topology);
    const connecting = stage.open('page', 0, {
      transports: [transport],
      auth: { token: alice.token },
      extraHeaders: { origin },
    });
    await expect(connecting).rejects.toThrow();
    const handshake = await http(
      'GET',
      `${topology.url(0)}/socket.io/?EIO=4&transport=polling`,
      from(origin),
    );
    expect(handshake.status).toBe(403);
    expect(handshake.headers.get('access-control-allow-origin')).not.toBe(origin);
  });
});

describe('a page from CLIENT_URL, one from this host, and an app without an origin', () => {
  it('are served over HTTP, preflight included, polling and websocket', async () => {
    await using stage = new Stage(topology);
    for (const origin of [...TRUSTED, topology.url(0)]) {
      const reply = await http('GET', `${topology.url(0)}/auth/verify`, {
        ...from(origin),
        token: alice.token,
      });
      expect(reply.status).toBe(200);
      expect(reply.headers.get('access-control-allow-origin')).toBe(origin);
      const preflight = await http('OPTIONS', `${topology.url(0)}/api/messages`, {
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type',
        },
      });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get('access-control-allow-headers')).toMatch(/authorization/i);
      expect(preflight.headers.get('access-control-allow-methods')).toMatch(/POST/);
      for (const transport of ['websocket', 'polling']) {
        const options = { transports: [transport], auth: { token: alice.token }, extraHeaders: { origin } };
        expect((await stage.open(origin, 0, options)).socket.connected).toBe(true);
      }
    }
    expect((await http('GET', `${topology.url(0)}/auth/verify`, { token: alice.token })).status).toBe(200);
  });
});

describe('REQUIRE_HANDSHAKE_TOKEN', () => {
  it.each(['websocket', 'polling'])('refuses a socket without a token at once over %s', async (transport) => {
    await using stage = new Stage(topology);
    for (const auth of [{}, { token: '' }, { token: null }]) {
      const refused = stage.open('bare', 0, { transports: [transport], auth });
      await expect(refused).rejects.toThrow(/^Authentication error$/);
    }
    expect((await stage.open('with token', 0, { auth: { token: alice.token } })).socket.connected).toBe(true);
  });
});
