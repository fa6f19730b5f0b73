import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { http } from '../harness/http.ts';
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

  /** Frames of the other side still come: the clock of the video goes on. */
  const stillPlaying = async (page: Page) => {
    const before = await page.evaluate(
      () => document.querySelector<HTMLVideoElement>('video.theirs')?.currentTime ?? 0,
    );
    await page.waitForFunction((since) => {
      const now = document.querySelector<HTMLVideoElement>('video.theirs')?.currentTime ?? 0;
      // From nothing again where the page was reloaded.
      return now > since + 0.3 || (now < since && now > 0.3);
    }, before);
  };

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
    // Both have said how it sounded.
    const { body } = await http('POST', `${server.url}/api/v1/auth/login`, {
      body: { username: 'alice', password: 'password123' },
    });
    const call = await until('both reports', async () => {
      const list = await http('GET', `${server.url}/api/v1/calls?limit=1`, { token: body.accessToken });
      const [last] = list.body.calls;
      return last?.quality?.caller && last.quality.answerer ? last : undefined;
    });
    expect(call).toMatchObject({
      direction: 'outgoing',
      endReason: 'hangup',
      negotiated: { path: 'direct' },
    });
    expect(call.negotiated.codecs).toContain('audio/opus');
    expect(call.quality.mos).toBeGreaterThanOrEqual(1);
    expect(call.devices).toHaveLength(2);
    // Still there after a reload.
    await bob.reload();
    await bob.locator('[data-user=alice]').click();
    await bob.locator('.bubble', { hasText: 'Shall I call?' }).waitFor();
  });

  it('a window that is reloaded in a call is in it again, and a second one of the same user stays out', async () => {
    const [alice, bob] = [await window('alice'), await window('bob')];
    await alice.locator('[data-user=bob]').click();
    await alice.getByRole('button', { name: 'Video call' }).click();
    await bob.getByRole('button', { name: 'Answer' }).click();
    await Promise.all([playing(alice), playing(bob)]);

    // The callee, whose new page offers anew to the caller's old connection; then the caller.
    for (const reloaded of [bob, alice]) {
      await reloaded.reload();
      await Promise.all([playing(reloaded), stillPlaying(alice), stillPlaying(bob)]);
      await reloaded.locator('[data-stage=connected]').waitFor();
    }
    const second = await window('bob');
    await second.locator('[data-user=alice]').click();
    await second.getByLabel('Message').fill('From my other window');
    await second.getByRole('button', { name: 'Send' }).click();
    await bob.locator('[data-stage=connected]').waitFor();
    expect(await second.locator('[role=dialog]').count()).toBe(0);

    await bob.getByRole('button', { name: 'Hang up' }).click();
    await alice.locator('[role=dialog]').waitFor({ state: 'detached' });
    expect(await second.locator('[role=dialog]').count()).toBe(0);
  });

  it('a call moves to another window of a party and back, and they see each other after each move', async () => {
    const [first, bob] = [await window('alice'), await window('bob')];
    await first.locator('[data-user=bob]').click();
    await first.getByRole('button', { name: 'Video call' }).click();
    await bob.getByRole('button', { name: 'Answer' }).click();
    await Promise.all([playing(first), playing(bob)]);

    const second = await window('alice');
    for (const [from, to] of [
      [first, second],
      [second, first],
    ] as const) {
      await to.getByRole('button', { name: 'Take it here' }).click();
      await from.locator('[role=dialog]').waitFor({ state: 'detached' });
      // A new connection plays from nothing.
      await Promise.all([playing(to), bob.locator('[data-stage=connected]').waitFor()]);
      await Promise.all([stillPlaying(to), stillPlaying(bob)]);
      expect(await from.evaluate(() => document.querySelector('video.theirs'))).toBeNull();
    }
    await picture(second, 'call-elsewhere');
    await bob.getByRole('button', { name: 'Hang up' }).click();
    await first.locator('[role=dialog]').waitFor({ state: 'detached' });
  });
});
