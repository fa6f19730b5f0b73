import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpReply, http } from '../harness/http.ts';
import { type Person, register } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

let topology: Topology;
beforeAll(async () => {
  // The proxy's word on addresses is believed here, so that each test may come from one of its own.
  topology = await allInOne({ RATE_LIMIT_LOGIN: '5/15m', TRUST_PROXY: '1' });
});
afterAll(() => topology?.[Symbol.asyncDispose]());

const LOGINS = ['/auth/login', '/api/auth/login', '/api/login', '/api/v1/auth/login'] as const;
type Login = (typeof LOGINS)[number];

const tryAt = (path: Login, identifier: string, password: string, ip: string): Promise<HttpReply> => {
  const name = { '/auth/login': 'username', '/api/v1/auth/login': 'identifier' }[path as string] ?? 'email';
  return http('POST', topology.url(0) + path, {
    body: { [name]: identifier, password },
    headers: { 'x-forwarded-for': ip },
  });
};

/** How each path words it, in full. */
const SHAPES: Record<Login, object> = {
  '/auth/login': { message: expect.any(String) },
  '/api/auth/login': { message: expect.any(String), error: expect.any(String), code: 'RATE_LIMITED' },
  '/api/login': { success: false, error: { code: 'RATE_LIMITED', message: expect.any(String) } },
  '/api/v1/auth/login': { error: { code: 'RATE_LIMITED' } },
};

function expectLimited(path: Login, reply: HttpReply): void {
  expect([reply.status, reply.body]).toMatchObject([429, SHAPES[path]]);
  const seconds = Number(reply.headers.get('retry-after'));
  expect(seconds).toBeGreaterThan(14 * 60);
  expect(seconds).toBeLessThanOrEqual(15 * 60);
}

describe('failed log-ins', () => {
  it('of an account count over all routes and both identifiers; then everything is 429, the right password too', async () => {
    const alice: Person = await register(topology, 'Alice');
    const ip = '192.0.2.1';
    const attempts = [
      ['/auth/login', alice.username],
      ['/api/auth/login', alice.email],
      ['/api/login', alice.username.toUpperCase()],
      ['/api/v1/auth/login', alice.email.toUpperCase()],
      ['/auth/login', alice.email],
    ] as const;
    for (const [path, identifier] of attempts) {
      expect((await tryAt(path, identifier, 'wrong', ip)).status).toBe(401);
    }
    for (const path of LOGINS) {
      for (const identifier of [alice.username, alice.email]) {
        for (const password of ['wrong', alice.password]) {
          expectLimited(path, await tryAt(path, identifier, password, ip));
        }
      }
    }
    // Somebody else there, and the account from elsewhere, are not concerned.
    const bob = await register(topology, 'Bob');
    expect((await tryAt('/auth/login', bob.username, bob.password, ip)).status).toBe(200);
    expect((await tryAt('/auth/login', alice.username, alice.password, '192.0.2.2')).status).toBe(200);
  });

  it('of a name that nobody has are limited just so', async () => {
    const answers = [];
    for (let n = 0; n < 6; n += 1) {
      const { status, body } = await tryAt('/auth/login', 'nobody-here', 'x', '192.0.2.3');
      answers.push([status, typeof body.message]);
    }
    expect(answers).toEqual([...Array(5).fill([401, 'string']), [429, 'string']]);
  });

  it('are forgotten with the right password in time', async () => {
    const carol = await register(topology, 'Carol');
    for (let round = 0; round < 3; round += 1) {
      for (let n = 0; n < 4; n += 1) {
        expect((await tryAt('/auth/login', carol.username, 'wrong', '192.0.2.4')).status).toBe(401);
      }
      expect((await tryAt('/api/login', carol.email, carol.password, '192.0.2.4')).status).toBe(200);
    }
  });

  it('cannot be made more of by asking all at once', async () => {
    const dan = await register(topology, 'Dan');
    const replies = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        tryAt(LOGINS[n % 4] ?? '/auth/login', dan.username, `guess ${n}`, '192.0.2.5'),
      ),
    );
    expect(replies.filter(({ status }) => status === 401)).toHaveLength(5);
    expect(replies.filter(({ status }) => status === 429)).toHaveLength(25);
  });

  it('of one address are limited at ten times as many, whoever is tried', async () => {
    const eve = await register(topology, 'Eve');
    for (let n = 0; n < 50; n += 1) {
      expect((await tryAt('/auth/login', `spray-${n}`, 'x', '192.0.2.6')).status).toBe(401);
    }
    expectLimited('/auth/login', await tryAt('/auth/login', 'spray-50', 'x', '192.0.2.6'));
    expectLimited('/api/login', await tryAt('/api/login', eve.email, eve.password, '192.0.2.6'));
    expect((await tryAt('/auth/login', eve.username, eve.password, '192.0.2.7')).status).toBe(200);
  });
});
