export {
  type NotificationConfig,
  type NotificationSettings,
  notificationConfig,
  notificationFields,
} from './config.ts';
export type { NotificationDeps } from './context.ts';
export { createNotification } from './create-notification.ts';
export {
  type NotificationOverrides,
  type RunningNotification,
  startNotification,
} from './start-notification.ts';
