import { mongoFault, type Route } from '@switchboard/service-kit';
import type { NotificationContext } from '../context.ts';
import { deleteConversationNotifications } from './delete-conversation-notifications.ts';
import { getPreferences } from './get-preferences.ts';
import { listDevices } from './list-devices.ts';
import { putConversationNotifications } from './put-conversation-notifications.ts';
import { putPreferences } from './put-preferences.ts';
import { registerDevice } from './register-device.ts';
import { removeDevice } from './remove-device.ts';
import { saveExpoPushToken } from './save-expo-push-token.ts';
import { webPushKey } from './web-push-key.ts';

const ROUTES = [
  deleteConversationNotifications,
  getPreferences,
  listDevices,
  putConversationNotifications,
  putPreferences,
  registerDevice,
  removeDevice,
  saveExpoPushToken,
  webPushKey,
] as const;

export function notificationRoutes(context: NotificationContext): readonly Route[] {
  return ROUTES.map((make) => withFaults(make(context)));
}

/** The driver's errors, in the terms that the HTTP app words. */
function withFaults(route: Route): Route {
  return {
    ...route,
    async handle(request) {
      try {
        return await route.handle(request);
      } catch (error) {
        throw mongoFault(error);
      }
    },
  };
}
