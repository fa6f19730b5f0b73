import { signal } from '@preact/signals';
import { client } from '../session/client.ts';
import { isKept, keepWhenLeaving } from './kept-session.ts';

/** off: not asked for, or taken back. blocked: the user or the browser refuses. */
export type PushState = 'unsupported' | 'off' | 'asking' | 'on' | 'blocked';

export const push = signal<PushState>('unsupported');
export const pushProblem = signal<string | null>(null);

let deviceId: string | undefined;

const supported = (): boolean =>
  'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;

/** After signing in: a subscription of this browser belongs to whoever is signed in now, and asked for it. */
export async function restorePush(): Promise<void> {
  if (!supported()) return;
  push.value = Notification.permission === 'denied' ? 'blocked' : 'off';
  const registration = await navigator.serviceWorker.register('service-worker.js');
  if (!isKept()) return;
  const subscription = await registration.pushManager.getSubscription();
  if (subscription) await tell(subscription);
}

export async function askForPush(): Promise<void> {
  pushProblem.value = null;
  push.value = 'asking';
  try {
    const registration = await navigator.serviceWorker.ready;
    const permission = await Notification.requestPermission();
    if (permission !== 'granted') {
      push.value = permission === 'denied' ? 'blocked' : 'off';
      return;
    }
    const subscription =
      (await registration.pushManager.getSubscription()) ??
      (await registration.pushManager.subscribe({
        userVisibleOnly: true,
        applicationServerKey: await client.notifications.webPushKey(),
      }));
    await tell(subscription);
  } catch (error) {
    push.value = 'off';
    pushProblem.value = error instanceof Error ? error.message : 'This browser cannot be reached';
  }
}

export async function stopPush(): Promise<void> {
  keepWhenLeaving(false);
  push.value = 'off';
  const registration = await navigator.serviceWorker.getRegistration();
  const subscription = await registration?.pushManager.getSubscription();
  await Promise.all([
    subscription?.unsubscribe(),
    deviceId === undefined ? undefined : client.notifications.removeDevice(deviceId),
  ]);
  deviceId = undefined;
}

async function tell(subscription: PushSubscription): Promise<void> {
  const { endpoint, keys } = subscription.toJSON();
  if (endpoint === undefined || !keys?.p256dh || !keys.auth) throw new Error('This browser gave no address');
  const device = await client.notifications.registerWebPush({
    endpoint,
    keys: { p256dh: keys.p256dh, auth: keys.auth },
  });
  deviceId = device.id;
  keepWhenLeaving(true);
  push.value = 'on';
}
