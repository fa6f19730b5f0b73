import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@switchboard/service-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';
import { type AllInOne, startAllInOne } from './start-all-in-one.ts';

const logger = createLogger({ level: 'fatal', service: 'test', nodeId: 'test' });
/** What service-kit answers beside the routes that it is given; its own tests hold the list to account. */
const OPERATORS = ['get /livez', 'get /readyz', 'get /health', 'get /metrics'];

describe('the contracts of the running server', () => {
  let folder: string;
  let running: AllInOne | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'switchboard-contracts-'));
  });
  afterEach(async () => {
    await running?.[Symbol.asyncDispose]();
    running = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  async function start(env: Record<string, string> = {}): Promise<AllInOne> {
    const config = readConfig({ DATA_DIR: folder, PORT: '0', SEED_DEMO: 'false', BCRYPT_COST: '4', ...env });
    running = await startAllInOne(config, { logger });
    return running;
  }

  it('describe every mounted route, and nothing that is not', async () => {
    const { url, routes } = await start();
    const response = await fetch(`${url}/openapi.json`);
    const { paths } = (await response.json()) as { paths: Record<string, Record<string, unknown>> };
    const described = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
    );
    const mounted = routes.map(({ method, path }) => `${method} ${path}`);
    expect(described.sort()).toStrictEqual([...mounted, ...OPERATORS].sort());
  });

  it('describe each route by the schemas that it is served by', async () => {
    const { url, routes } = await start();
    const response = await fetch(`${url}/openapi.json`);
    const { paths } = (await response.json()) as {
      paths: Record<string, Record<string, { summary: string; requestBody?: object; responses: object }>>;
    };
    for (const { method, path, summary, body, replies } of routes) {
      const described = paths[path.replace(/:(\w+)/g, '{$1}')]?.[method];
      expect([path, described?.summary]).toStrictEqual([path, summary]);
      expect([path, described?.requestBody !== undefined]).toStrictEqual([path, body !== undefined]);
      expect(Object.keys(described?.responses ?? {})).toEqual(expect.arrayContaining(Object.keys(replies)));
    }
  });

  it('are not published with API_DOCS=false', async () => {
    const { url, routes } = await start({ API_DOCS: 'false' });
    for (const path of ['/docs', '/docs/events', '/openapi.json', '/asyncapi.json']) {
      expect([path, (await fetch(url + path)).status]).toStrictEqual([path, 404]);
      expect(routes.some((route) => route.path === path)).toBe(false);
    }
  });
});
