import { type Browser, type BrowserContext, chromium, type Page, type Worker } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startServer, temporaryFolder } from '../harness/server-process.ts';

const executablePath = process.env.SWITCHBOARD_CHROMIUM;

const from = { id: '2', username: 'bob', name: 'Bob Smith' };
const callId = '0197a7d0-0000-7000-8000-000000000001';
const ringing = () => ({
  v: 1,
  id: `call:${callId}`,
  type: 'call.incoming',
  callId,
  kind: 'voice',
  media: 'p2p',
  from,
  expiresAt: new Date(Date.now() + 60_000).toISOString(),
});

/** Chromium's own push service is out of reach here: what it would hand to the worker is handed over by the browser's debugging protocol. */
describe.runIf(executablePath)('a browser without a window', () => {
  let server: RunningServer;
  let browser: Browser;
  let context: BrowserContext;
  let worker: Worker;
  let data: Awaited<ReturnType<typeof temporaryFolder>>;
  let push: (content: object) => Promise<unknown>;

  beforeAll(async () => {
    data = await temporaryFolder();
    server = await startServer({ DATA_DIR: data.path, PORT: '0' });
    browser = await chromium.launch({
      executablePath: executablePath ?? '',
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    });
    context = await browser.newContext();
    await context.grantPermissions(['notifications'], { origin: server.url });
    const page = await signIn();
    [worker] = await Promise.all([
      context.serviceWorkers()[0] ?? context.waitForEvent('serviceworker'),
      page.waitForFunction(async () => (await navigator.serviceWorker.ready).active?.state === 'activated'),
    ]);
    push = await pushesOf(context, server.url);
    await page.close();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop('SIGTERM');
    await data?.remove();
  });

  async function signIn(): Promise<Page> {
    const page = await context.newPage();
    await page.goto(server.url);
    await page.getByLabel('Username or e-mail').fill('alice');
    await page.getByLabel('Password').fill('password123');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('connected', { exact: true }).waitFor();
    return page;
  }

  const shown = () =>
    worker.evaluate(async () => {
      const { registration } = globalThis as unknown as {
        registration: { getNotifications(): Promise<{ title: string; body: string }[]> };
      };
      return (await registration.getNotifications()).map(({ title, body }) => `${title}: ${body}`);
    });

  it('rings, says what was missed in the same place, and shows one notification a conversation', async () => {
    await push(ringing());
    await expect.poll(shown).toEqual(['Bob Smith: Call']);

    const at = new Date().toISOString();
    await push({ type: 'call.missed', callId, kind: 'voice', from, at, badge: 1 });
    await expect.poll(shown).toEqual(['Bob Smith: Missed call']);

    const message = { type: 'message', conversationId: 'd:1:2', from, contentType: 'text', badge: 2 };
    await push({ ...message, messageId: callId, seq: 1, preview: 'Are you there?', unread: 1 });
    await push({ ...message, messageId: callId, seq: 2, preview: 'Hello?', unread: 2 });
    await expect
      .poll(async () => (await shown()).sort())
      .toEqual(['Bob Smith (2): Hello?', 'Bob Smith: Missed call']);

    await push({ type: 'conversation.read', conversationId: 'd:1:2', upToSeq: 2, badge: 0 });
    await expect.poll(shown).toEqual(['Bob Smith: Missed call']);
    await push({ type: 'call.cancelled', callId, reason: 'ended' });
    await expect.poll(shown).toEqual([]);
  });

  it('falls silent when the call was answered elsewhere, and never rings for one that is over', async () => {
    await push(ringing());
    await expect.poll(shown).toEqual(['Bob Smith: Call']);
    await push({ type: 'call.cancelled', callId, reason: 'answered_elsewhere' });
    await expect.poll(shown).toEqual([]);

    await push({ ...ringing(), expiresAt: new Date(Date.now() - 1_000).toISOString() });
    await push({ type: 'something.newer' });
    await push({ ...ringing(), callId: '0197a7d0-0000-7000-8000-000000000002' });
    // The worker takes pushes in order: what was not to be shown is decided by now.
    await expect.poll(shown).toEqual(['Bob Smith: Call']);
    await push({ type: 'call.cancelled', callId: '0197a7d0-0000-7000-8000-000000000002', reason: 'ended' });
    await expect.poll(shown).toEqual([]);
  });

  it('shows nothing to whoever looks at the page', async () => {
    const page = await signIn();
    await page.bringToFront();
    await push(ringing());
    const other = '0197a7d0-0000-7000-8000-000000000003';
    await page.close();
    await push({ ...ringing(), callId: other, from: { ...from, name: 'Carol' } });
    await expect.poll(shown).toEqual(['Carol: Call']);
    await push({ type: 'call.cancelled', callId: other, reason: 'ended' });
  });
});

/** Hands pushes to the worker of this origin. */
async function pushesOf(
  context: BrowserContext,
  url: string,
): Promise<(content: object) => Promise<unknown>> {
  const page = await context.newPage();
  const protocol = await context.newCDPSession(page);
  const registered = new Promise<string>((resolve) => {
    protocol.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const mine = registrations.find(({ scopeURL, isDeleted }) => !isDeleted && scopeURL.startsWith(url));
      if (mine) resolve(mine.registrationId);
    });
  });
  await protocol.send('ServiceWorker.enable');
  const registrationId = await registered;
  return (content) =>
    protocol.send('ServiceWorker.deliverPushMessage', {
      origin: new URL(url).origin,
      registrationId,
      data: JSON.stringify(content),
    });
}
