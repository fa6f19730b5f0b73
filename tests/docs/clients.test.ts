import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Dialect, dialects, restOperations } from '../../packages/dialects/src/index.ts';
import { http } from '../harness/http.ts';
import { type RunningServer, startServer, temporaryFolder } from '../harness/server-process.ts';
import { understood } from './accepted-forms.ts';
import { clientPages, fenceAfter, links, type Page, readPage, refusals, repository, spans } from './page.ts';
import { runExample } from './run-example.ts';
import { routesOf, withTables } from './tables.ts';

const pages = clientPages();
/** Spellings of a vocabulary share its page. */
const vocabularies = [...dialects.values()].filter(({ variantOf }) => variantOf === undefined);

function pageOf({ name }: Dialect): Page {
  const page = pages.find((one) => one.name === name);
  if (!page) throw new Error(`docs/clients has no page for ${name}`);
  return page;
}

it('each vocabulary has a page, and the overview leads to each', () => {
  const expected = ['README', ...vocabularies.map(({ name }) => name)];
  expect(pages.map(({ name }) => name).sort()).toEqual(expected.sort());
  const overview = pages.find(({ name }) => name === 'README');
  for (const { name } of vocabularies) expect(overview && links(overview)).toContain(`${name}.md`);
  expect(links(readPage(`${repository}README.md`))).toContain('docs/clients/README.md');
});

describe('as readers would', () => {
  let server: RunningServer;
  let data: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    data = await temporaryFolder();
    server = await startServer({ DATA_DIR: data.path, PORT: '0', SEED_DEMO: 'false' });
  });
  afterAll(async () => {
    await server?.stop('SIGTERM');
    await data?.remove();
  });

  it.each(vocabularies)(
    'the client of $name runs as it stands, and prints what the page says',
    async (dialect) => {
      const page = pageOf(dialect);
      const [program, output] = [fenceAfter(page, 'client'), fenceAfter(page, 'prints')];
      if (!program || !output) throw new Error('no client, or not what it prints');
      expect(await runExample(program, server.url)).toEqual({ exitCode: 0, stdout: output, stderr: '' });
    },
    60_000,
  );

  it.each(vocabularies)('the errors of $name are shown as the server words them', async (dialect) => {
    const shown = refusals(pageOf(dialect));
    expect(shown.length).toBeGreaterThan(0);
    for (const { method, path, status, body, reply } of shown) {
      const answer = await http(method, `${server.url}${path}`, body === undefined ? {} : { body });
      expect([path, answer.status, answer.body]).toEqual([path, status, reply]);
    }
  });
});

describe.each(vocabularies)('the page of $name', (dialect) => {
  const page = pageOf(dialect);

  it('has its tables as the schemas are', async () => {
    const hint = 'npm test -- tests/docs -u writes the tables anew';
    await expect(withTables(page), hint).toMatchFileSnapshot(page.path);
  });

  it('leaves out no event and no route', () => {
    const named = new Set(spans(page));
    const events = [...dialect.inbound.keys(), ...dialect.outbound.keys()];
    const routes = routesOf(dialect.name).map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect([...events, ...routes].filter((name) => !named.has(name))).toEqual([]);
  });

  it('means the same by lines that stand together', () => {
    const blocks = understood(fenceAfter(page, 'accepted') ?? '', dialect);
    expect(blocks.length).toBeGreaterThan(0);
    for (const [first, ...others] of blocks) {
      expect(first).toMatchObject({ ok: true });
      for (const other of others) expect(other).toEqual(first);
    }
  });
});

it('every route is on a page', () => {
  const shown = new Set(vocabularies.flatMap(({ name }) => routesOf(name)).map(keyOf));
  /** Those of channels also answer below /api and without their slash, which its page says in words. */
  const isShown = ({ method, path, dialect }: Route) =>
    (dialect === 'channels' ? [path, `${path}/`] : [path])
      .flatMap((one) => [one, one.replace(/^\/api\/auth\//, '/auth/')])
      .some((one) => shown.has(keyOf({ method, path: one })));
  const redirects = restOperations.filter(({ replies }) => 301 in replies);
  const missing = restOperations.filter((route) => !redirects.includes(route) && !isShown(route));
  expect(missing.map(keyOf)).toEqual([]);
});

type Route = (typeof restOperations)[number];

function keyOf({ method, path }: Pick<Route, 'method' | 'path'>): string {
  return `${method} ${path}`;
}
