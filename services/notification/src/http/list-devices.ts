import { nativeDevices, nativeRest } from '@switchboard/dialects';
import { type Route, route } from '@switchboard/service-kit';
import type { NotificationContext } from '../context.ts';
import { deviceView } from '../devices/device-view.ts';

export const listDevices = ({ devices }: NotificationContext): Route =>
  route({
    ...nativeRest.listDevices,
    async handle({ actor }) {
      const own = await devices.ofUser(actor.id);
      return { status: 200, body: nativeDevices(own.map((device) => deviceView(device, actor))) };
    },
  });
