import { unavailable } from '@switchboard/protocol';
import { createOwner, createUserDirectory, type Service } from '@switchboard/service-kit';
import type { NotificationSettings } from './config.ts';
import type { NotificationContext, NotificationDeps } from './context.ts';
import { sweepSessions } from './devices/ended-sessions.ts';
import { sessionFollower } from './devices/session-follower.ts';
import { followAll } from './follow/follow-all.ts';
import { serveReachable } from './handlers/reachable.ts';
import { notificationRoutes } from './http/routes.ts';
import { createOutside } from './outside/guarded-request.ts';
import { startPlanning } from './planning/start-planning.ts';
import { createSending } from './sending/create-sending.ts';
import { openDevices } from './store/open-devices.ts';
import { startWebhooks } from './webhooks/start-webhooks.ts';

/** Push targets, pushes and webhooks. Several may run on one database; they share the work by leases on what is due. */
export async function createNotification(
  config: NotificationSettings,
  deps: NotificationDeps,
): Promise<Service> {
  const { bus, clock, mongo } = deps;
  const owner = createOwner();
  try {
    const directory = deps.directory ?? owner.own(createUserDirectory({ bus, clock }));
    const outside = owner.own(
      createOutside({
        allowPrivate: config.WEBHOOK_ALLOW_PRIVATE,
        allowHttp: config.NODE_ENV !== 'production',
      }),
    );
    const { devices, preferences } = await openDevices(mongo);
    const { pushes, webPushKey } = owner.own(await createSending(config, { ...deps, devices }));
    const context: NotificationContext = {
      ...deps,
      config,
      directory,
      outside,
      devices,
      preferences,
      pushes,
      webPushKey,
    };
    owner.own(sweepSessions(context));
    owner.own(await serveReachable(context));
    const planning = owner.own(await startPlanning({ ...context, ringAckMs: config.RING_ACK_MS }));
    const webhooks = owner.own(await startWebhooks(context));
    // Last, hence the first to be closed: nobody is handed an event before all are ready, nor once any of them is closed.
    owner.own(await followAll(bus, [sessionFollower(context), ...planning.followers, webhooks.follower]));
    return {
      name: 'notification',
      routes: [...notificationRoutes(context), ...webhooks.routes],
      checks: [
        mongo.check,
        {
          name: 'bus',
          async check() {
            if (!bus.health().up) throw unavailable('The bus');
          },
        },
      ],
      [Symbol.asyncDispose]: () => owner[Symbol.asyncDispose](),
    };
  } catch (error) {
    await owner[Symbol.asyncDispose]();
    throw error;
  }
}
