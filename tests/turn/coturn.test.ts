import { createSecretKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserId } from '../../packages/protocol/src/index.ts';
import { iceServersFor } from '../../services/call-signaling/src/ice/ice-servers.ts';
import { type Coturn, startCoturn } from '../harness/coturn.ts';
import { http } from '../harness/http.ts';
import { register, Stage } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';
import { allocate, type TurnCredentials } from './allocate.ts';

let coturn: Coturn;
let topology: Topology;

const alice = UserId.parse('1');
const HOUR_MS = 3_600_000;

/** What the server makes, at a time and with a secret of the test's choice. */
function made(at: number, secret = coturn.secret): TurnCredentials {
  const settings = {
    stunUrls: [],
    turnUrls: [coturn.url],
    turnSecret: createSecretKey(Buffer.from(secret)),
    turnTtlMs: HOUR_MS,
  };
  const clock = { now: () => at, after: () => ({ [Symbol.dispose]() {} }) };
  return iceServersFor(alice, settings, clock).iceServers[0] ?? {};
}

interface Given {
  readonly iceServers: readonly TurnCredentials[];
}
const turnIn = (payload: unknown): TurnCredentials => {
  const [server] = (payload as Given).iceServers;
  if (!server) throw new Error('no TURN server was named');
  return server;
};

describe.skipIf(process.env.SWITCHBOARD_MISSING_PROGRAMS)('a coturn that shares our secret', () => {
  beforeAll(async () => {
    coturn = await startCoturn();
    topology = await allInOne({ TURN_URLS: coturn.url, TURN_SECRET: coturn.secret });
  });
  afterAll(async () => {
    await topology?.[Symbol.asyncDispose]();
    await coturn?.[Symbol.asyncDispose]();
  });

  it('relays for whoever asks us for servers, by either route', async () => {
    const { token } = await register(topology, 'Alice');
    for (const path of ['/api/ice-servers', '/api/v1/ice-servers']) {
      const reply = await http('GET', topology.url(0) + path, { token });
      expect(reply.headers.get('cache-control')).toBe('no-store');
      expect(reply.body.iceServers[0].urls).toEqual([coturn.url]);
      expect(await allocate(coturn.port, turnIn(reply.body))).toBe('granted');
    }
    expect((await http('GET', `${topology.url(0)}/api/ice-servers`)).status).toBe(401);
  });

  it('relays for both parties of a call with what came with it, each under their own name', async () => {
    const [a, b] = [await register(topology, 'Alice'), await register(topology, 'Bob')];
    await using stage = new Stage(topology);
    const [caller, callee] = [await stage.native(a), await stage.native(b)];
    const placed = await caller.ask('call.place', { to: { userId: b.id }, kind: 'voice' });
    const rung = await callee.log.next('call.incoming');
    for (const [payload, { id }] of [
      [placed, a],
      [rung, b],
    ] as const) {
      const server = turnIn(payload);
      expect(server.username?.split(':')[1]).toBe(id);
      expect(await allocate(coturn.port, server)).toBe('granted');
    }
    await caller.ask('call.end', {});
  });

  it('refuses what has lapsed, what somebody forged or altered, and who shows nothing', async () => {
    const good = made(Date.now());
    expect(await allocate(coturn.port, good)).toBe('granted');
    expect(await allocate(coturn.port, made(Date.now() - HOUR_MS - 60_000))).toBe(401);
    expect(await allocate(coturn.port, made(Date.now(), 'a guess'))).toBe(401);
    const [expiry] = good.username?.split(':') ?? [];
    expect(await allocate(coturn.port, { ...good, username: `${expiry}:2` })).toBe(401);
    expect(await allocate(coturn.port, { ...good, username: `${Number(expiry) + 60}:1` })).toBe(401);
    expect(await allocate(coturn.port, { ...good, credential: 'x' })).toBe(401);
    expect(await allocate(coturn.port, {})).toBe(401);
  });
});
