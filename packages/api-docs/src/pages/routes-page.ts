import { html } from './html.ts';
import { page } from './page.ts';

/** The page on which Swagger UI draws the OpenAPI document. */
export function routesPage(asset: (file: string) => string): string {
  return page({
    title: 'Switchboard: routes',
    asset,
    styles: ['swagger-ui.css', 'docs.css'],
    scripts: ['swagger-ui-bundle.js', 'routes.js'],
    current: 'routes',
    body: html`<div id="swagger-ui"></div>
<noscript><p class="note">This page needs JavaScript; <a href="/openapi.json">openapi.json</a> holds the same.</p></noscript>`,
  });
}
