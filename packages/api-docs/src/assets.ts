import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** A text that is served as it is. */
export interface StaticText {
  readonly text: string;
  readonly type: string;
  readonly etag: string;
}

export function staticText(text: string, type: string): StaticText {
  const digest = createHash('sha256').update(text).digest('base64url').slice(0, 27);
  return { text, type, etag: `"${digest}"` };
}

const JAVASCRIPT = 'text/javascript; charset=utf-8';
const CSS = 'text/css; charset=utf-8';

/** Everything that the pages load, by file name: Swagger UI from its package, and our own. */
export function readAssets(): ReadonlyMap<string, StaticText> {
  const { resolve } = createRequire(import.meta.url);
  const swagger = (file: string) => resolve(`swagger-ui-dist/${file}`);
  const own = (file: string) => fileURLToPath(new URL(`../assets/${file}`, import.meta.url));
  const files: readonly (readonly [name: string, path: string, type: string])[] = [
    ['swagger-ui.css', swagger('swagger-ui.css'), CSS],
    ['swagger-ui-bundle.js', swagger('swagger-ui-bundle.js'), JAVASCRIPT],
    ['routes.js', own('routes.js'), JAVASCRIPT],
    ['docs.css', own('docs.css'), CSS],
  ];
  // The maps are not served, so nobody shall look for them.
  return new Map(
    files.map(([name, path, type]) => [name, staticText(withoutSourceMap(readFileSync(path, 'utf8')), type)]),
  );
}

function withoutSourceMap(text: string): string {
  return text.replace(/\n?(?:\/\/|\/\*)# sourceMappingURL=\S+(?: ?\*\/)?\s*$/, '\n');
}
