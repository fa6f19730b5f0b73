import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LiveCluster, liveCluster } from '../cluster/live-cluster.ts';
import { mountedRoutes } from '../contract/mounted.ts';

const METHODS = ['PUT', 'DELETE', 'PATCH', 'POST', 'GET'];

let cluster: LiveCluster | undefined;

beforeAll(async () => {
  if (!process.env.SWITCHBOARD_MISSING_PROGRAMS) cluster = await liveCluster({ signaling: 1 });
}, 90_000);

afterAll(() => cluster?.[Symbol.asyncDispose](), 60_000);

// `npm test` says loudly what it leaves out for want of a program, and `.ci/run` does not accept it.
it.runIf(!process.env.SWITCHBOARD_MISSING_PROGRAMS)(
  'the gateway leads every path to the service that has it',
  async () => {
    const methodsOf = new Map<string, string[]>();
    for (const { method, path } of await mountedRoutes()) {
      methodsOf.set(path, [...(methodsOf.get(path) ?? []), method.toUpperCase()]);
    }
    expect(methodsOf.size).toBeGreaterThan(50);
    const astray: string[] = [];
    for (const [path, methods] of methodsOf) {
      // Whoever has the path says that this is not how to ask for it; anybody else, that there is no such path.
      const method = METHODS.find((each) => !methods.includes(each)) ?? '';
      const reply = await fetch(`${cluster?.gateway}${path.replaceAll(/:\w+/g, '1')}`, { method });
      await reply.arrayBuffer();
      if (reply.status !== 405) astray.push(`${method} ${path}: ${reply.status}`);
    }
    expect(astray).toEqual([]);
  },
);
