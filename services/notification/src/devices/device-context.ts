import type { NotificationContext } from '../context.ts';

/** What it takes to work on devices and on what their users want; no push is made here. */
export type DeviceContext = Omit<NotificationContext, 'pushes' | 'webPushKey'>;
