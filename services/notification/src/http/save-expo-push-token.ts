import { expoPushTokenSaved, expoRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { NotificationContext } from '../context.ts';
import { registerDevice } from '../devices/register-device.ts';

export const saveExpoPushToken = (context: NotificationContext): Route =>
  route({
    ...expoRest.savePushToken,
    async handle({ actor, body }) {
      const address = { kind: 'expo', token: body.expoPushToken } as const;
      orThrow(await registerDevice(context, actor, { address, dialect: 'expo' }));
      return { status: 200, body: expoPushTokenSaved() };
    },
  });
