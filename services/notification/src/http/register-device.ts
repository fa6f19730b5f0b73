import { nativeDeviceRegistered, nativeRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { NotificationContext } from '../context.ts';
import { deviceView } from '../devices/device-view.ts';
import { registerDevice as register } from '../devices/register-device.ts';

export const registerDevice = (context: NotificationContext): Route =>
  route({
    ...nativeRest.registerDevice,
    async handle({ actor, body: { platform, name, appVersion, dialect, ...address } }) {
      const registration = { address, platform, name, appVersion, dialect };
      const { device, known, signingSecret } = orThrow(await register(context, actor, registration));
      return {
        status: known ? 200 : 201,
        body: nativeDeviceRegistered(deviceView(device, actor), signingSecret),
      };
    },
  });
