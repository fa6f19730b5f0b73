import { nativeRest, nativeWebPushKey } from '@switchboard/dialects';
import { type Route, route } from '@switchboard/service-kit';
import type { NotificationContext } from '../context.ts';

export const webPushKey = ({ webPushKey: key }: NotificationContext): Route =>
  route({
    ...nativeRest.webPushKey,
    async handle() {
      return { status: 200, body: nativeWebPushKey(key) };
    },
  });
