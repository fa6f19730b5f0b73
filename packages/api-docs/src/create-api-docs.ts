import { readFileSync } from 'node:fs';
import { dialects, restOperations } from '@switchboard/dialects';
import { SwitchboardError } from '@switchboard/protocol';
import { type Reply, type Route, route } from '@switchboard/service-kit';
import { readAssets, type StaticText, staticText } from './assets.ts';
import { asyncApiDocument } from './asyncapi/asyncapi-document.ts';
import { docsOperations } from './docs-operations.ts';
import type { JsonObject } from './json.ts';
import { openApiDocument } from './openapi/openapi-document.ts';
import { operatorOperations } from './operators.ts';
import { eventsPage } from './pages/events-page.ts';
import { routesPage } from './pages/routes-page.ts';

export interface ApiDocs {
  readonly openapi: JsonObject;
  readonly asyncapi: JsonObject;
  /** `/openapi.json`, `/asyncapi.json`, `/docs` and what the pages load; open to all. */
  readonly routes: readonly Route[];
}

/** Nothing but what comes from here; the images are those inside Swagger UI's style sheet. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Each document takes a tenth of a second: made one by one when the start is over, or when somebody asks before. */
const WARM_UP_MS = [1_000, 1_500, 2_000] as const;

/**
 * The contracts of all vocabularies, each made once, and the routes that publish them. What cannot be described throws when its document is first asked for.
 */
export function createApiDocs(): ApiDocs {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const openapi = once(() =>
    openApiDocument([...restOperations, ...operatorOperations, ...Object.values(docsOperations)], version),
  );
  const asyncapi = once(() => asyncApiDocument(dialects.values(), version));
  const assets = once(readAssets);
  /** The tag in the address makes a changed file another one, so that it can be kept for long. */
  const address = (file: string) =>
    `/docs/assets/${file}?v=${assets().get(file)?.etag.replaceAll('"', '').slice(0, 8)}`;

  const json = (document: () => JsonObject) =>
    once(() => staticText(JSON.stringify(document()), 'application/json'));
  const page = (text: () => string) => once(() => staticText(text(), 'text/html; charset=utf-8'));
  const fixed = [
    [docsOperations.openapi, json(openapi)],
    [docsOperations.asyncapi, json(asyncapi)],
    [docsOperations.eventsPage, page(() => eventsPage(asyncapi(), address))],
    [docsOperations.routesPage, page(() => routesPage(address))],
  ] as const;
  for (const [at, ms] of WARM_UP_MS.entries()) setTimeout(() => fixed[at]?.[1](), ms).unref();
  return {
    get openapi() {
      return openapi();
    },
    get asyncapi() {
      return asyncapi();
    },
    routes: [
      ...fixed.map(([operation, text]) =>
        route({ ...operation, handle: async () => served(text(), 'no-cache') }),
      ),
      route({
        ...docsOperations.routesPageSlash,
        handle: async () => ({ status: 301, headers: { Location: docsOperations.routesPage.path } }),
      }),
      route({
        ...docsOperations.asset,
        async handle({ params }) {
          const asset = assets().get(params.file);
          if (!asset) throw new SwitchboardError({ code: 'NOT_FOUND', message: 'Not found' });
          return served(asset, 'public, max-age=86400');
        },
      }),
    ],
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Express compares the ETag with what the client has, and answers 304. */
function served({ text, type, etag }: StaticText, caching: string): Reply {
  return {
    status: 200,
    body: text,
    headers: {
      'Content-Type': type,
      'Content-Security-Policy': CONTENT_SECURITY_POLICY,
      'Cache-Control': caching,
      ETag: etag,
    },
  };
}
