import type { PushContent } from '@switchboard/protocol';
import { type Notice, noticeOf } from './notice-of.ts';

declare const self: ServiceWorkerGlobalScope;

/** Browsers end a worker that waits longer; the notification then stays, and what ends the call takes it away. */
const LONGEST_WAIT_MS = 60_000;

self.addEventListener('install', (event) => event.waitUntil(self.skipWaiting()));
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('push', (event) => {
  const content = contentOf(event.data);
  if (content) event.waitUntil(heed(noticeOf(content)));
});
self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const { path } = (event.notification.data ?? {}) as { path?: unknown };
  event.waitUntil(bring(typeof path === 'string' ? path : ''));
});

/** Undefined for what this version does not understand. */
function contentOf(data: PushMessageData | null): PushContent | undefined {
  try {
    const content = data?.json() as PushContent | undefined;
    return typeof content?.type === 'string' ? content : undefined;
  } catch {
    return undefined;
  }
}

async function heed({ tag, show, until, badge }: Notice): Promise<void> {
  if (badge !== undefined) await tellBadge(badge);
  await close(tag);
  if (!show || (until !== undefined && until <= Date.now())) return;
  // Whoever looks at the page sees it there.
  if (await isSeen()) return;
  await self.registration.showNotification(show.title, {
    body: show.body,
    tag,
    requireInteraction: show.lasting,
    data: { path: show.path },
  });
  if (until === undefined) return;
  await new Promise((resolve) => setTimeout(resolve, Math.min(until - Date.now(), LONGEST_WAIT_MS)));
  if (until <= Date.now()) await close(tag, show.body);
}

/** With `body`, only what still says so: a missed call has the same tag. */
async function close(tag: string, body?: string): Promise<void> {
  for (const shown of await self.registration.getNotifications({ tag })) {
    if (body === undefined || shown.body === body) shown.close();
  }
}

async function isSeen(): Promise<boolean> {
  const pages = await self.clients.matchAll({ type: 'window' });
  return pages.some((page) => page.visibilityState === 'visible');
}

async function tellBadge(count: number): Promise<void> {
  const { navigator } = self;
  if (!('setAppBadge' in navigator)) return;
  await (count > 0 ? navigator.setAppBadge(count) : navigator.clearAppBadge()).catch(() => {});
}

/** The page that is open already, or a new one. */
async function bring(path: string): Promise<void> {
  const [page] = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (page) {
    page.postMessage({ type: 'open', path });
    await page.focus();
  } else await self.clients.openWindow(new URL(path, self.registration.scope).href);
}
