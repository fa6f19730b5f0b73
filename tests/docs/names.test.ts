import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dialects, restOperations } from '../../packages/dialects/src/index.ts';
import { DialectName, ErrorCode, ErrorDetail } from '../../packages/protocol/src/index.ts';
import { anchors, clientPages, fences, links, type Page, readPage, repository, spans } from './page.ts';
import { contractWords } from './tables.ts';

interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

function manifest(path: string): Manifest {
  return JSON.parse(readFileSync(`${repository}${path}`, 'utf8')) as Manifest;
}

const named = (page: Page) => ({ where: page.path.slice(repository.length), page });
const pages = clientPages().map(named);

describe.each([...pages, named(readPage(`${repository}README.md`))])('in $where', ({ page }) => {
  it('links lead somewhere', () => {
    for (const link of links(page)) {
      // Of a running server, or not ours to ask.
      if (/^https?:/.test(link)) continue;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? page.path : resolve(dirname(page.path), file);
      expect([link, existsSync(target)]).toEqual([link, true]);
      if (anchor !== undefined) expect(anchors(readPage(target))).toContain(anchor);
    }
  });

  it('commands exist', () => {
    const { scripts = {} } = manifest('package.json');
    const { dependencies = {} } = manifest('tests/package.json');
    const commands = [...fences(page), ...spans(page)].flatMap((code) => [...code.matchAll(/\bnpm (.+)$/gm)]);
    for (const [, command = ''] of commands) {
      const [verb = '', ...words] = command.trim().split(/\s+/);
      if (verb !== 'install') {
        expect(Object.keys(scripts)).toContain(verb === 'run' ? words[0] : verb);
        continue;
      }
      // What readers install is what the programs of the pages were run with.
      for (const word of words) {
        const [name = '', major = ''] = word.split('@');
        expect([word, dependencies[name]?.startsWith(`${major}.`)]).toEqual([word, true]);
      }
    }
  });
});

/** What the server answers beside the routes of vocabularies. */
const OTHER_PATHS = ['/docs', '/openapi.json', '/asyncapi.json', '/socket.io/', '/ws/chat/{room_id}/'];
const ROUTE = /^(?:(GET|POST|PUT|PATCH|DELETE) )?(\/[\w/.:{}*-]*)(?:\?.*)?$/;

/** How the event names of each vocabulary look, so that a misspelt or invented one is seen. */
const EVENT_FORMS = [
  /^[a-z]+([A-Z][a-z]+)+$/,
  /^[a-z]+(-[a-z]+)+$/,
  /^[a-z]+:[a-z]+$/,
  /^[A-Za-z]+(_[A-Za-z]+)+$/,
  /^[a-z]+\.[a-z]+$/,
];

/** Of that form and no events: what client libraries and lists of Django REST Framework call their own. */
const OTHER_WORDS = ['connect_error', 'auth.token', 'auth.dialect', 'error.data', 'error.code'];

const settings = [...readFileSync(`${repository}.env.example`, 'utf8').matchAll(/^#?([A-Z_]+)=/gm)].map(
  ([, name = '']) => name,
);
const words = new Set<string>([
  ...[...dialects.values()].flatMap(({ inbound, outbound }) => [...inbound.keys(), ...outbound.keys()]),
  ...ErrorCode.options,
  ...ErrorDetail.options,
  ...DialectName.options,
  ...contractWords(),
  ...settings,
  ...OTHER_WORDS,
]);
const paths = new Set([...restOperations.map(({ path }) => path), ...OTHER_PATHS]);
const operations = new Set(restOperations.map(({ method, path }) => `${method.toUpperCase()} ${path}`));

describe.each(pages)('in $where', ({ page }) => {
  it('every route that is named exists', () => {
    for (const span of spans(page)) {
      const [, method, path] = ROUTE.exec(span) ?? [];
      if (path === undefined) continue;
      const prefix = path.endsWith('*') ? path.slice(0, -1) : undefined;
      const exists = prefix
        ? [...paths].some((one) => one.startsWith(prefix))
        : method
          ? operations.has(`${method} ${path}`)
          : paths.has(path);
      expect([span, exists]).toEqual([span, true]);
    }
  });

  it('every event, code and setting that is named exists', () => {
    const looksLikeOne = (span: string) => EVENT_FORMS.some((form) => form.test(span));
    expect(spans(page).filter((span) => looksLikeOne(span) && !words.has(span))).toEqual([]);
  });
});
