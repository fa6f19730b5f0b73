import { nativeRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { NotificationContext } from '../context.ts';
import { removeDevice as remove } from '../devices/remove-device.ts';

export const removeDevice = (context: NotificationContext): Route =>
  route({
    ...nativeRest.removeDevice,
    async handle({ actor, params }) {
      orThrow(await remove(context, actor, params.id));
      return { status: 204 };
    },
  });
