import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startServer, temporaryFolder } from '../harness/server-process.ts';

const executablePath = process.env.SWITCHBOARD_CHROMIUM;

/** Where pictures of the windows go; none are made when unset. */
const pictures = process.env.SWITCHBOARD_PICTURES;

// Needs Debian's Chromium: `.ci/run` installs it and sets the variable, so there this suite always runs.
describe.runIf(executablePath)('two browser windows', () => {
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
        '--use-fake-device-for-media-stream',
        '--use-fake-ui-for-media-stream',
        '--disable-features=WebRtcHideLocalIpsWithMdns',
      ],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop('SIGTERM');
    await data?.remove();
  });

  async function window(username: string): Promise<Page> {
    const context = await browser.newContext({
      permissions: ['camera', 'microphone'],
      viewport: { width: 1100, height: 700 },
    });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(server.url);
    await page.getByLabel('Username or e-mail').fill(username);
    await page.getByLabel('Password').fill('password123');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('connected', { exact: true }).waitFor();
    expect(problems).toEqual([]);
    return page;
  }

  async function picture(page: Page, name: string): Promise<void> {
    if (!pictures) return;
    mkdirSync(pictures, { recursive: true });
    await page.screenshot({ path: join(pictures, `${name}.png`) });
  }

  const playing = (page: Page) =>
    page.waitForFunction(() => {
      const video = document.querySelector<HTMLVideoElement>('video.theirs');
      return video !== null && video.videoWidth > 0 && video.currentTime > 0.3;
    });

  it('chat, then see each other in a video call, then hang up', async () => {
    const [alice, bob] = [await window('alice'), await window('bob')];
    await alice.locator('[data-user=bob]').click();
    await bob.locator('[data-user=alice]').click();
    await alice.getByLabel('Message').fill('Shall I call?');
    await alice.getByRole('button', { name: 'Send' }).click();
    await bob.locator('.bubble', { hasText: 'Shall I call?' }).waitFor();
    await alice.locator('.receipt.read').waitFor();
    await bob.getByLabel('Message').fill('Please do.');
    await bob.getByRole('button', { name: 'Send' }).click();
    await alice.locator('.bubble', { hasText: 'Please do.' }).waitFor();

    await alice.getByRole('button', { name: 'Video call' }).click();
    await bob.getByRole('button', { name: 'Answer' }).waitFor();
    await picture(bob, 'ringing');
    await bob.getByRole('button', { name: 'Answer' }).click();
    await Promise.all([playing(alice), playing(bob)]);
    await Promise.all([alice, bob].map((page) => page.locator('[data-stage=connected]').waitFor()));
    await picture(alice, 'in-call-alice');
    await picture(bob, 'in-call-bob');

    await alice.getByRole('button', { name: 'Hang up' }).click();
    await bob.locator('[role=dialog]').waitFor({ state: 'detached' });
    await picture(bob, 'after-call');
    // Still there after a reload.
    await bob.reload();
    await bob.locator('[data-user=alice]').click();
    await bob.locator('.bubble', { hasText: 'Shall I call?' }).waitFor();
  });
});
