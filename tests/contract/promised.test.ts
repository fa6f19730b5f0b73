import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixtures } from '../../packages/dialects/src/fixtures/all.ts';
import { dialects } from '../../packages/dialects/src/index.ts';
import type { DialectName } from '../../packages/protocol/src/index.ts';
import { allInOne, type Topology } from '../harness/topology.ts';
import { mountedRoutes, OPERATORS_ROUTES } from './mounted.ts';
import { PROMISED, PROMISED_UPGRADES, type Promised } from './promised.ts';

/** Parameters by place, since their names are nobody's business. */
const unnamed = (route: string) => route.replace(/:\w+/g, ':');
const routesIn = (promised: Promised) => promised.routes.map((route) => unnamed(route));

let mounted: ReadonlySet<string>;
beforeAll(async () => {
  const routes = await mountedRoutes();
  mounted = new Set([
    ...routes.map(({ method, path }) => unnamed(`${method.toUpperCase()} ${path}`)),
    ...OPERATORS_ROUTES.map((path) => `GET ${path}`),
  ]);
});

const golden = [...fixtures.values()].flatMap(({ rest }) => rest);
const shownRoutes = new Set(
  golden
    .filter(({ status }) => status < 300)
    .map(({ operation: { method, path } }) => unnamed(`${method.toUpperCase()} ${path}`)),
);

describe.each(Object.entries(PROMISED) as [Exclude<DialectName, 'native'>, Promised][])(
  'the document of %s',
  (name, promised) => {
    it('finds every route mounted, with that method and that path', () => {
      expect(routesIn(promised).filter((route) => !mounted.has(route))).toEqual([]);
    });

    it('finds every route in golden fixtures', () => {
      // Operators' routes have no vocabulary; a prefix of our own makes no new route.
      const spoken = routesIn(promised)
        .filter((route) => !OPERATORS_ROUTES.some((path) => route === `GET ${path}`))
        .map((route) => (name === 'channels' ? route.replace(' /api/auth/', ' /auth/') : route));
      expect(spoken.filter((route) => !shownRoutes.has(route))).toEqual([]);
    });

    it('finds every event that clients send understood, by a fixture', () => {
      const inbound = dialects.get(name)?.inbound;
      const shown = new Set(fixtures.get(name)?.inbound.map(({ event }) => event));
      expect(promised.heard.filter((event) => !inbound?.has(event))).toEqual([]);
      expect(promised.heard.filter((event) => !shown.has(event))).toEqual([]);
    });

    it('finds every event that clients are sent said, by a fixture', () => {
      const outbound = dialects.get(name)?.outbound;
      const { outbound: told = [], errorFrames = [] } = fixtures.get(name) ?? {};
      const shown = new Set(
        [...told, ...errorFrames].flatMap(({ frames }) => frames.map(({ event }) => event)),
      );
      expect(promised.said.filter((event) => !outbound?.has(event))).toEqual([]);
      expect(promised.said.filter((event) => !shown.has(event))).toEqual([]);
    });
  },
);

describe('the list', () => {
  it('holds every vocabulary but our own', () => {
    expect([...dialects.keys()].filter((name) => name !== 'native').sort()).toEqual(
      Object.keys(PROMISED).sort(),
    );
  });

  it('says nothing twice', () => {
    for (const { routes, heard, said } of Object.values(PROMISED)) {
      for (const list of [routes, heard, said]) expect(new Set(list).size).toBe(list.length);
    }
  });
});

describe('raw WebSockets', () => {
  let topology: Topology;
  beforeAll(async () => {
    topology = await allInOne();
  });
  afterAll(() => topology?.[Symbol.asyncDispose]());

  const upgrade = async (path: string): Promise<number | undefined> => {
    const asking = request(topology.url(0) + path, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    }).end();
    const [reply] = await once(asking, 'response');
    reply.destroy();
    return reply.statusCode;
  };

  it.each(PROMISED_UPGRADES)('%s is there and wants a token', async (path) => {
    expect(await upgrade(path.replace(/:\w+/, '1'))).toBe(401);
    expect(await upgrade('/ws/nowhere/')).toBe(404);
  });
});
