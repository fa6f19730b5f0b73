import { type Html, html } from './html.ts';

export interface PageParts {
  readonly title: string;
  /** Address of an asset by its file name. */
  readonly asset: (file: string) => string;
  readonly styles: readonly string[];
  readonly scripts?: readonly string[];
  readonly current: 'routes' | 'events';
  readonly body: Html;
}

/** The frame that both pages share: where the two contracts are, as pages and as files. */
export function page({ title, asset, styles, scripts = [], current, body }: PageParts): string {
  const here = (name: PageParts['current']) => name === current && html` aria-current="page"`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
${styles.map((file) => html`<link rel="stylesheet" href="${asset(file)}">\n`)}</head>
<body>
<nav class="contracts">
<strong>Switchboard</strong>
<a href="/docs"${here('routes')}>Routes</a>
<a href="/docs/events"${here('events')}>Events</a>
<span class="files"><a href="/openapi.json">openapi.json</a> <a href="/asyncapi.json">asyncapi.json</a></span>
</nav>
${body}
${scripts.map((file) => html`<script src="${asset(file)}"></script>\n`)}</body>
</html>
`.text;
}
