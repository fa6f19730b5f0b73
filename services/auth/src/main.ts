import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createApiDocs } from '@switchboard/api-docs';
import { runServiceProcess } from '@switchboard/cluster';
import { defineConfig, fields } from '@switchboard/service-kit';
import { authConfig } from './config.ts';
import { startAuth } from './start-auth.ts';

/** In a cluster this service also serves what is nobody's own: the published contracts and the web client. */
const pagesConfig = defineConfig({
  API_DOCS: fields.boolean(true),
  /** Where the built web client is; without it, beside this service in the repository. */
  WEB_CLIENT_DIR: fields.text(fileURLToPath(new URL('../../../packages/web/dist', import.meta.url))),
});

await runServiceProcess({
  name: 'auth',
  config: authConfig,
  async start(config, engines, checks) {
    const { API_DOCS, WEB_CLIENT_DIR: webClient } = pagesConfig.parse(process.env);
    const auth = await startAuth(config, {
      ...engines,
      checks,
      routes: API_DOCS ? createApiDocs().routes : [],
      ...(existsSync(webClient) ? { webClient } : {}),
    });
    const { admin } = auth.seeded;
    if (admin?.password) {
      process.stdout.write(`Admin log-in ${admin.username} / ${admin.password} (shown this once)\n`);
    }
    return auth;
  },
});
