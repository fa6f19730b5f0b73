import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startServer, temporaryFolder } from '../harness/server-process.ts';

const executablePath = process.env.SWITCHBOARD_CHROMIUM;

/** Where pictures of the pages go; none are made when unset. */
const pictures = process.env.SWITCHBOARD_PICTURES;

interface Opened {
  readonly page: Page;
  /** Errors on the console, uncaught ones included. */
  readonly errors: readonly string[];
  /** What was asked of any host but the server. */
  readonly elsewhere: readonly string[];
}

// Needs Debian's Chromium: `.ci/run` installs it and sets the variable, so there this suite always runs.
describe.runIf(executablePath)(
  'the pages of the contracts in a browser that reaches this server alone',
  () => {
    let server: RunningServer;
    let browser: Browser;
    let data: Awaited<ReturnType<typeof temporaryFolder>>;

    beforeAll(async () => {
      data = await temporaryFolder();
      server = await startServer({ DATA_DIR: data.path, PORT: '0' });
      browser = await chromium.launch({
        executablePath: executablePath ?? '',
        args: [
          '--no-sandbox',
          '--disable-gpu',
          '--disable-quic',
          '--no-first-run',
          '--disable-background-networking',
          '--disable-component-update',
          '--disable-sync',
          // No other name leads anywhere.
          '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
        ],
      });
    });
    afterAll(async () => {
      await browser?.close();
      await server?.stop('SIGTERM');
      await data?.remove();
    });

    async function open(path: string): Promise<Opened> {
      const context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
      const errors: string[] = [];
      const elsewhere: string[] = [];
      const { host } = new URL(server.url);
      await context.route(
        (url) => url.host !== host && url.protocol.startsWith('http'),
        async (route) => {
          elsewhere.push(route.request().url());
          await route.abort();
        },
      );
      const page = await context.newPage();
      page.on('console', (message) => {
        if (message.type() === 'error') errors.push(message.text());
      });
      page.on('pageerror', (error) => errors.push(error.message));
      await page.goto(server.url + path);
      return { page, errors, elsewhere };
    }

    async function picture(page: Page, name: string): Promise<void> {
      if (!pictures) return;
      mkdirSync(pictures, { recursive: true });
      await page.screenshot({ path: join(pictures, `${name}.png`) });
    }

    it('shows the routes, opens one, and calls it', async () => {
      const { page, errors, elsewhere } = await open('/docs');
      await page.locator('#operations-native-nativeGetApiV1Me').waitFor();
      const document = await (await fetch(`${server.url}/openapi.json`)).json();
      const methods = Object.values<object>(document.paths).flatMap((item) => Object.keys(item));
      await expect.poll(() => page.locator('.opblock').count(), { timeout: 10_000 }).toBe(methods.length);
      await picture(page, 'docs-routes');

      const health = page.locator('#operations-operators-operatorsGetHealth');
      await health.locator('.opblock-summary-control').click();
      await health.getByRole('button', { name: 'Try it out' }).click();
      await health.getByRole('button', { name: 'Execute' }).click();
      await health.locator('.live-responses-table').getByText('uptimeSeconds').waitFor();
      await health.scrollIntoViewIfNeeded();
      await picture(page, 'docs-operation');
      expect({ errors, elsewhere }).toStrictEqual({ errors: [], elsewhere: [] });
    });

    it('shows the events, and opens one', async () => {
      const { page, errors, elsewhere } = await open('/docs/events');
      const document = await (await fetch(`${server.url}/asyncapi.json`)).json();
      expect(await page.locator('details.event').count()).toBe(Object.keys(document.operations).length);
      await picture(page, 'docs-events');

      const send = page.locator('details.event', { has: page.getByText('chat.send', { exact: true }) });
      await send.locator('summary').first().click();
      await send.getByText('clientMessageId', { exact: true }).first().waitFor();
      await send.scrollIntoViewIfNeeded();
      await picture(page, 'docs-event');
      expect({ errors, elsewhere }).toStrictEqual({ errors: [], elsewhere: [] });
    });
  },
);
